import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const sources = listSources(['core', 'journal', 'plugins', 'library', 'cli', 'net', 'testing', 'bench'])
const imports = new Map(sources.map((file) => [file, importsOf(file)]))

/** Which folders a folder may import from. */
const below: { readonly [folder: string]: readonly string[] } = {
  core: ['core'],
  journal: ['journal', 'core'],
  plugins: ['plugins', 'core'],
  library: ['library', 'journal', 'plugins', 'core'],
  cli: ['cli', 'library', 'journal', 'plugins', 'core'],
  bench: ['bench', 'cli', 'library', 'journal', 'core'],
  // what authors of steps import as nsnet/net: the readers that nsnet's own steps have, too
  net: ['net', 'plugins', 'core'],
  // nsnet/testing knows nsnet as its users do, by its command; of library it has the step types that come along, and the sandbox
  testing: ['testing', 'library', 'core'],
}

/** Who alone may import a package. */
const owners: { readonly [name: string]: RegExp } = {
  xstate: /^core\/machine\.ts$/,
  execa: /^(core\/spawn|cli\/sandbox\/.*)\.ts$/,
  // foreground.ts: what has the terminal itself, as no command of the engine does
  // bench/: what is measured is the whole process, without what `Exec` adds
  'node:child_process': /^(cli\/(sandbox\/.*|foreground)|bench\/.*)\.ts$/,
  lowdb: /^journal\//,
  pino: /^cli\//,
  commander: /^cli\//,
  '@viz-js/viz': /^cli\/graph\//,
  '@marcbachmann/cel-js': /^core\/expression\.ts$/,
}

test('arrows between folders point downwards', () => {
  const upwards = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((target) => target.startsWith('./') && !below[folderOf(file)]!.includes(folderOf(target.slice(2))))
      .map((t) => `${file} → ${t}`),
  )
  expect(upwards.filter((arrow) => !arrow.endsWith('package.json'))).toEqual([])
})

test('each package is imported only where it belongs', () => {
  const strays = [...imports].flatMap(([file, targets]) =>
    targets
      .filter(
        (target) =>
          !(
            owners[
              target
                .split('/')
                .slice(0, target.startsWith('@') ? 2 : 1)
                .join('/')
            ]?.test(file) ?? true
          ),
      )
      .map((t) => `${file} → ${t}`),
  )
  expect(strays).toEqual([])
})

test('no circle of imports', () => {
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (path.includes(file) || done.has(file)) return
    for (const target of imports.get(file) ?? []) if (target.startsWith('./')) visit(target.slice(2), [...path, file])
    done.add(file)
  }
  for (const file of sources) visit(file, [])
  expect(circles).toEqual([])
})

function listSources(folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => glob(folder)).toSorted()
}

function glob(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.endsWith('.ts')).map((file) => join(folder, file))
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
  const named = [...text.matchAll(/(?:^import|^export|^\} from|import\()[^'"\n]*['"]([^'"\n]+)['"]/gm)].map(
    ([, target]) => target!,
  )
  return named.map((target) => (target.startsWith('.') ? `./${relative('.', join(dirname(file), target))}` : target))
}

function folderOf(file: string): string {
  return file.split('/')[0]!
}
