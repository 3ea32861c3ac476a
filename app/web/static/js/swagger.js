// Starts Swagger UI on the application's own OpenAPI document; nothing is sent to a validator outside.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("swagger-ui");
  window.SwaggerUIBundle({
    url: place.dataset.openapiUrl,
    domNode: place,
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    validatorUrl: null,
    // With deep links it nests a link in each button, which assistive technology can't tell apart.
    deepLinking: false,
    onComplete: () => {
      for (const select of place.querySelectorAll("select:not([aria-label])")) select.setAttribute("aria-label", "Server");
    },
  });
});
