import { lstat, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { NsnetError } from '../../core/errors.ts'
import { listed } from '../../core/problems.ts'
import { quote } from '../../core/quote.ts'
import { workflowIn, WRITTEN } from './unit-text.ts'
import { whyNot } from '../../core/why-not.ts'

/** Where an administrator's own units are. @see systemd.unit(5) */
export const SYSTEM_UNITS = '/etc/systemd/system'

/** Names the file of a unit; `name` has only what `expectUnitName` lets pass. */
export const fileOf = (name: string): string => `nsnet-${name}.service`

/** @throws USAGE when it cannot stand in the name of a unit */
export function expectUnitName(name: string): string {
  if (isUnitName(name)) return name
  const message = `expected the name of a unit: up to 200 letters, digits, "_", "-" and ".", without .service, got "${name}"`
  throw new NsnetError('USAGE', message, 'for example: --name internet')
}

/** Makes the name of a unit from that of a workflow. */
export const unitNameOf = (workflow: string): string =>
  workflow
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, 200) || 'workflow'

const isUnitName = (name: string): boolean => /^[A-Za-z0-9][\w.-]{0,199}$/.test(name) && !name.endsWith('.service')

/** Reads a unit that nsnet wrote; undefined when there is none. @throws USAGE when somebody else wrote it */
export async function readUnit(dir: string, name: string): Promise<string | undefined> {
  const path = join(dir, fileOf(name))
  const stat = await lstat(path).catch(ifMissing)
  if (stat === undefined) return undefined
  const text = stat.isFile() ? await readFile(path, 'utf8') : ''
  if (text.startsWith(WRITTEN)) return text
  const message = `expected a unit that nsnet wrote, or none, got another file: ${path}`
  throw new NsnetError('USAGE', message, `see what it is: ls -l ${quote(path)}`)
}

/** Puts a unit in its place, whole or not at all, readable for everybody as units are. @throws UNIT_UNWRITABLE */
export async function writeUnit(dir: string, name: string, text: string): Promise<void> {
  const path = join(dir, fileOf(name))
  const temporary = `${path}.new`
  await changing(path, async () => {
    await rm(temporary, { force: true })
    const file = await open(temporary, 'wx', 0o644)
    try {
      await file.chmod(0o644)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  })
}

/** Removes a unit, and the link that starts it at boot. @throws UNIT_UNWRITABLE */
export async function removeUnit(dir: string, name: string): Promise<void> {
  const link = join(dir, 'multi-user.target.wants', fileOf(name))
  await changing(join(dir, fileOf(name)), async () => {
    await rm(join(dir, fileOf(name)), { force: true })
    await rm(link, { force: true })
  })
}

/** Finds the name of the unit that is named so, or that is for this file. @throws USAGE when there is none, or several */
export async function nameOfUnit(dir: string, given: string, path: string): Promise<string> {
  for (const name of [given, given.replace(/\.service$/, '').replace(/^nsnet-/, '')])
    if (isUnitName(name) && (await readUnit(dir, name)) !== undefined) return name
  const units = await unitsIn(dir)
  const found = units.filter(({ workflow }) => workflow === path).map((unit) => unit.name)
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  const names = (found.length > 0 ? found : units.map((unit) => unit.name)).toSorted()
  const got = found.length > 0 ? `several: ${listed(names)}` : `none`
  const hint = names.length === 0 ? `there is none in ${dir}` : `name one: nsnet disable ${names[0]}`
  throw new NsnetError('USAGE', `expected the unit of "${given}", found ${got}`, hint)
}

async function unitsIn(
  dir: string,
): Promise<readonly { readonly name: string; readonly workflow: string | undefined }[]> {
  const files = ((await readdir(dir).catch(ifMissing)) ?? []).flatMap(
    (file) => /^nsnet-(.+)\.service$/.exec(file) ?? [],
  )
  const names = files.filter(isUnitName)
  const texts = await Promise.all(names.map((name) => readUnit(dir, name).catch(() => undefined)))
  return names.flatMap((name, at) => (texts[at] === undefined ? [] : [{ name, workflow: workflowIn(texts[at]) }]))
}

async function changing(path: string, change: () => Promise<void>): Promise<void> {
  try {
    await change()
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const hint = isMissing
      ? `make the directory: mkdir -p ${quote(dirname(path))}`
      : 'as root, or with --unit-dir DIR, it is written elsewhere'
    throw new NsnetError('UNIT_UNWRITABLE', `cannot change ${path}: ${whyNot(error)}`, hint, {
      cause: error,
    })
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}
