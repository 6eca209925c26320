// The theme, set before the first paint, and its choice in the own menu. "auto" follows the system.
{
  const root = document.documentElement;
  const systemDark = matchMedia("(prefers-color-scheme: dark)");

  const apply = () => {
    const { theme } = root.dataset;
    root.dataset.bsTheme = theme === "auto" ? (systemDark.matches ? "dark" : "light") : theme;
    document.dispatchEvent(new CustomEvent("pulse:theme"));
    for (const choice of document.querySelectorAll("[data-theme-choice]")) {
      choice.setAttribute("aria-current", choice.dataset.themeChoice === theme);
    }
  };

  const choose = (event) => {
    const wanted = event.target.closest("[data-theme-choice]")?.dataset.themeChoice;
    if (wanted === "toggle") {
      const other = root.dataset.bsTheme === "dark" ? "light" : "dark";
      document.querySelector(`.menu [data-theme-choice="${other}"]`).click();
    } else if (wanted) {
      root.dataset.theme = wanted;
      apply();
    }
  };

  apply();
  systemDark.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", choose);
}
