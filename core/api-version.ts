/**
 * The version of what steps and nsnet expect of each other. A step that says it in `apiVersion` is refused by an nsnet of another
 * version with a message, instead of going wrong in it. It changes only when steps have to change.
 */
export const API_VERSION = 1
