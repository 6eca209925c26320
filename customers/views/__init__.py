"""The screens of the customers module, one file per noun."""
