import { register } from 'node:module'

/** Runs in Node's loader thread: a plugin that lies anywhere finds this very nsnet under its name. */
const hooks = `
let own
export const initialize = (data) => { own = data }
export const resolve = (specifier, context, next) =>
  specifier === 'nsnet' ? { url: own, shortCircuit: true } : next(specifier, context)
`

let done = false

/**
 * Makes `import … from 'nsnet'` in plugins mean the nsnet that loads them, wherever the plugin's file is.
 *
 * @see module.register in the documentation of Node.js
 */
export function answerToOwnName(): void {
  if (done) return
  done = true
  const own = new URL(import.meta.url.endsWith('.ts') ? './index.ts' : './index.mjs', import.meta.url).href
  register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: own })
}
