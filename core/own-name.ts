import { register } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Runs in Node's loader thread: a plugin that lies anywhere finds this very nsnet under its name. And it tells where a name leads
 * from a file: that, nsnet cannot ask Node otherwise.
 */
const hooks = `
let own
export const initialize = (data) => { own = data }
export const resolve = async (specifier, context, next) => {
  if (Object.hasOwn(own, specifier)) return { url: own[specifier], shortCircuit: true }
  if (!specifier.startsWith('nsnet-where:')) return await next(specifier, context)
  const { name, from } = JSON.parse(decodeURIComponent(specifier.slice(12)))
  const { url } = await next(name, { ...context, parentURL: from })
  return { url: 'data:text/javascript,export default ' + encodeURIComponent(JSON.stringify(url)), shortCircuit: true }
}
`

let done = false

/** What plugins import, with its place beside this file: in the bundle, in the sources. */
const entries: { readonly [name: string]: readonly [bundle: string, source: string] } = {
  nsnet: ['./index.mjs', '../library/index.ts'],
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
  register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: own() })
}

/** Lists the files of this nsnet that plugins import, by name. */
export const ownModules = (): { readonly [name: string]: string } =>
  Object.fromEntries(Object.entries(own()).map(([name, url]) => [name, fileURLToPath(url)]))

function own(): { readonly [name: string]: string } {
  const isSource = import.meta.url.endsWith('.ts')
  const all = Object.entries(entries).map(([name, [bundle, source]]) => {
    const { href } = new URL(isSource ? source : bundle, import.meta.url)
    return [name, href]
  })
  return Object.fromEntries(all) as { readonly [name: string]: string }
}
