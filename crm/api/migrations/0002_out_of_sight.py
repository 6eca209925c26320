from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="keptanswer",
            name="out_of_sight",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="about what the user could not see any more"
            ),
        ),
    ]
