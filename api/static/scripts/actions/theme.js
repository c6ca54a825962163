// Light or dark: as chosen on this page, otherwise as the system is set.

import { storeTheme } from "../browser-storage.js";

const SYSTEM_IS_DARK = matchMedia("(prefers-color-scheme: dark)");

export function chooseTheme(store, theme) {
  storeTheme(theme);
  document.documentElement.dataset.theme = theme;
  store.dispatch({ type: "theme.chosen", theme });
}

/** Keeps the state at the theme that is visible. */
export function followSystemTheme(store) {
  const follow = () => store.dispatch({ type: "theme.chosen", theme: document.documentElement.dataset.theme ?? (SYSTEM_IS_DARK.matches ? "dark" : "light") });
  SYSTEM_IS_DARK.addEventListener("change", follow);
  follow();
}
