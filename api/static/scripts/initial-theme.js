// Applies the stored theme before the first paint, so that nothing flashes. A classic script.
(function chooseTheme() {
  "use strict";
  let theme = null;
  try {
    theme = JSON.parse(localStorage.getItem("model-hunter.theme"));
  } catch {
    return; // storage is forbidden or invalid: the system's theme is used
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
