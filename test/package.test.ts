import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

test('a package has the pages that the README leads to', () => {
  const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' })
  const [{ files }] = JSON.parse(said) as [{ readonly files: readonly { readonly path: string }[] }]
  const pages = [...read('README.md').matchAll(/\]\((docs\/[^)#]+)/g)].map(([, page]) => page!)
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining([...new Set(pages)]))
})

test('a package is built anew, with its types, before it is packed', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: { readonly [name: string]: string } }
  expect(scripts.prepack).toBe('npm run build')
  expect(scripts.build).toContain('--types')
})
