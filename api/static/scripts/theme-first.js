// Before the first paint: the light or dark that was chosen here, so that nothing flashes. A plain script.
(function chooseTheme() {
  "use strict";
  let theme = null;
  try {
    theme = JSON.parse(localStorage.getItem("model-hunter.theme"));
  } catch {
    return; // storage is forbidden or holds something else: the system's choice stands
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
