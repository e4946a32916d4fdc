// Starts Swagger UI on our own document. A session's requests repeat its cookie in a header, as the API asks.
"use strict";
function csrfToken() {
  const cookie = document.cookie.split("; ").find((pair) => pair.startsWith("pz_csrf="));
  return cookie ? cookie.slice("pz_csrf=".length) : "";
}
window.ui = SwaggerUIBundle({
  url: "../schema/?format=json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  validatorUrl: "none",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  requestInterceptor(request) {
    const token = csrfToken();
    if (token && request.method && request.method.toUpperCase() !== "GET" && !request.headers.Authorization) {
      request.headers["X-CSRFToken"] = token;
    }
    return request;
  },
});
