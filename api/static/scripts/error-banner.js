// Shows uncaught errors, and scripts that could not be loaded, at the top of the page. A classic script without imports, since it has to
// work when the others do not.
(function showUncaughtErrors() {
  "use strict";
  const MAX_SHOWN = 200;

  function report(what) {
    const place = document.getElementById("error-banner");
    if (!place) return;
    place.querySelector("[data-what]").textContent = String(what).slice(0, MAX_SHOWN);
    place.hidden = false;
  }

  addEventListener("error", (event) => {
    if (event.target instanceof HTMLScriptElement || event.target instanceof HTMLLinkElement) {
      report("A part of this page could not be loaded.");
    } else if (event.message && !event.message.startsWith("ResizeObserver loop")) report(event.message);
  }, true);
  addEventListener("unhandledrejection", (event) => report(event.reason?.message ?? event.reason));
  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("error-banner");
    place.querySelector("[data-act=reload]").addEventListener("click", () => location.reload());
    place.querySelector("[data-act=hide]").addEventListener("click", () => { place.hidden = true; });
  });
})();
