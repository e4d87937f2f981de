// Before anything is painted: the theme that was chosen. A classic script, so that it runs at once.
(() => {
  let theme = "auto";
  try {
    theme = JSON.parse(localStorage.getItem("skald.theme")) ?? "auto";
  } catch { /* a private window */ }
  document.documentElement.dataset.theme = theme;
})();
