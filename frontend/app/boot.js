// Before the first paint: theme and language. Then the application itself. When that fails, a plain panel.
(function () {
  "use strict";
  var script = document.currentScript;
  var root = document.documentElement;

  function remembered(name) {
    try {
      return localStorage.getItem("pz.1." + name);
    } catch (_) {
      return null;
    }
  }

  var theme = remembered("theme");
  root.setAttribute("data-theme", theme === "light" || theme === "dark" ? theme : "auto");

  var wanted = [new URLSearchParams(location.search).get("lang"), remembered("language")]
    .concat(navigator.languages || []);
  var languages = { en: "en", pt: "pt-BR", es: "es" };
  for (var i = 0; i < wanted.length; i++) {
    var language = wanted[i] && languages[wanted[i].slice(0, 2).toLowerCase()];
    if (language) {
      root.setAttribute("lang", language);
      break;
    }
  }

  var failed = false;
  function fail(reason) {
    if (failed) return;
    failed = true;
    // The id lets a user name the failure and a developer find it in the console.
    var id = Math.random().toString(16).slice(2, 10);
    console.error("start failure " + id, reason);
    function show() {
      var app = document.getElementById("app");
      if (app) app.hidden = true;
      var skeleton = document.getElementById("skeleton");
      if (skeleton) skeleton.hidden = true;
      document.querySelectorAll("dialog[open]").forEach(function (dialog) { dialog.close(); });
      document.getElementById("boot-error-id").textContent = id;
      document.getElementById("boot-reload").addEventListener("click", function () { location.reload(); });
      document.getElementById("boot-failure").hidden = false;
    }
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", show);
    } else {
      show();
    }
  }
  window.addEventListener("pz-panic", function (event) { fail(event.detail); });

  var ready = new Promise(function (resolve) {
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", resolve);
    } else {
      resolve();
    }
  });
  Promise.all([import(script.dataset.module), ready])
    .then(function (results) { return results[0].default({ module_or_path: script.dataset.wasm }); })
    .catch(fail);
})();
