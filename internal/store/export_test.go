package store

// Overlay is what the upgrade test needs to see of the inside.
var Overlay = overlay
