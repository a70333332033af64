// Whether a window can be shown here.

/** macOS and Windows always have a screen; elsewhere X11 or Wayland says so. */
export function hasDisplay(environment = process.env, platform = process.platform) {
  if (platform === 'darwin' || platform === 'win32') return true;
  return Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
}
