import { register } from 'node:module'

/** Runs in Node's loader thread: a plugin that lies anywhere finds this very nsnet under its name. */
const hooks = `
let own
export const initialize = (data) => { own = data }
export const resolve = (specifier, context, next) =>
  Object.hasOwn(own, specifier) ? { url: own[specifier], shortCircuit: true } : next(specifier, context)
`

let done = false

/** What plugins import, with its place beside this file: in the bundle, in the sources. */
const entries: { readonly [name: string]: readonly [bundle: string, source: string] } = {
  nsnet: ['./index.mjs', './index.ts'],
  'nsnet/net': ['./net.mjs', '../net/index.ts'],
  'nsnet/testing': ['./testing.mjs', '../testing/index.ts'],
}

/**
 * Makes `import … from 'nsnet'` in plugins mean the nsnet that loads them, wherever the plugin's file is; and so with
 * `nsnet/net` and `nsnet/testing`.
 *
 * @see module.register in the documentation of Node.js
 */
export function answerToOwnName(): void {
  if (done) return
  done = true
  const isSource = import.meta.url.endsWith('.ts')
  const own = Object.entries(entries).map(([name, [bundle, source]]) => [
    name,
    new URL(isSource ? source : bundle, import.meta.url).href,
  ])
  register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: Object.fromEntries(own) })
}
