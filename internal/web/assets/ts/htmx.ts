// The one place where htmx comes in, so that it can be changed for something else. Pages use
// hx-get, hx-post, hx-select, hx-target and hx-swap on links and forms that work without them.
import "htmx.org";
