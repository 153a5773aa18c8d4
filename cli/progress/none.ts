import type { View } from './view.ts'

/** Tells nothing. */
export const none: View = { event: () => undefined, progress: () => undefined, end: () => undefined }
