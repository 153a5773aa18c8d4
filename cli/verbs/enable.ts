import { here } from '../../library/place.ts'
import { join, resolve } from 'node:path'
import { NsnetError } from '../../core/errors.ts'
import { printable } from '../../core/quote.ts'
import { parseSource } from '../../core/source.ts'
import { draftOf } from '../../core/workflow.ts'
import { placeOf, type Place } from '../boot/place.ts'
import { systemctl, systemdRuns } from '../boot/systemctl.ts'
import { expectUnitName, fileOf, readUnit, removeUnit, unitNameOf, writeUnit } from '../boot/unit-files.ts'
import { unitText, workflowIn, type Unit } from '../boot/unit-text.ts'
import type { InputOptions } from '../given.ts'
import { readText } from '../../library/read-text.ts'
import { asJson, type Terminal } from '../terminal.ts'
import { readWorkflow } from '../workflow-file.ts'
import { type ReadyRun } from '../../library/ready-run.ts'

export interface EnableOptions extends InputOptions {
  /** Name of the unit, `nsnet-NAME.service`; by default that of the workflow. */
  readonly name?: string
  readonly unitDir?: string
}

/** `nsnet enable FILE`: writes a systemd unit that runs a workflow at boot, and takes it back when it is stopped. */
export async function enable(terminal: Terminal, file: string, options: EnableOptions): Promise<number> {
  const place = placeOf(options.unitDir)
  await expectNoSecrets(resolve(file))
  const ready = await readWorkflow(file, options, here)
  const { workflow } = ready.started
  const name = expectUnitName(options.name ?? unitNameOf(workflow.name))
  const before = await readUnit(place.dir, name)
  expectSameFile(before, name, workflow.path)
  const { start, stop } = commandsOf(terminal, name, workflow.path, options, ready)
  const told = await written(place, { name, title: workflow.name, workflow: workflow.path, start, stop }, before)
  const path = join(place.dir, fileOf(name))
  if (terminal.options.json) terminal.out(asJson({ unit: fileOf(name), path, enabled: told }))
  else for (const line of linesOf(name, path, told)) terminal.out(line)
  return 0
}

/** @throws USAGE */
async function expectNoSecrets(path: string): Promise<void> {
  const { inputs } = draftOf(await parseSource(await readText(path), path))
  const secret = Object.keys(inputs).find((name) => inputs[name]?.secret === true)
  if (secret === undefined) return
  const message = `expected a workflow without secret inputs, got the secret input "${secret}": nobody gives it at boot`
  throw new NsnetError('USAGE', message, `run it by hand: nsnet run ${path}`)
}

/** @throws USAGE */
function expectSameFile(unit: string | undefined, name: string, path: string): void {
  const other = unit === undefined ? path : workflowIn(unit)
  if (other === path) return
  const message = `expected no unit ${fileOf(name)}, or one for this file, got one for ${other ?? 'an unknown file'}`
  throw new NsnetError(
    'USAGE',
    message,
    `give this one a name of its own (--name NAME), or first: nsnet disable ${name}`,
  )
}

/** What the unit calls: with absolute paths, and with the inputs that are given now. */
function commandsOf(
  { options }: Terminal,
  name: string,
  path: string,
  { set = [], setFile }: InputOptions,
  { started, given }: ReadyRun,
): Pick<Unit, 'start' | 'stop'> {
  const nsnet = [process.execPath, resolve(process.argv[1]!)]
  const dir = options.stateDir ?? process.env['NSNET_STATE_DIR']
  const state = dir ? ['--state-dir', resolve(dir)] : []
  const kept = (input: string): boolean =>
    Object.hasOwn(started.inputs, input) && !Object.hasOwn(given.texts, input) && !Object.hasOwn(given.values, input)
  const fromEnvironment = Object.entries(given.environment).filter(([input]) => kept(input))
  const assignments = [...set, ...fromEnvironment.map(([input, value]) => `${input}=${value}`)]
  const inputs = [...assignments.flatMap((it) => ['--set', it]), ...(setFile ? ['--set-file', resolve(setFile)] : [])]
  return {
    start: [...nsnet, 'unit-start', name, path, ...inputs, ...state],
    stop: [...nsnet, 'unit-stop', name, ...state],
  }
}

/** Writes the unit and tells systemd, where it runs; where that fails, the unit is as it was. */
async function written({ dir, own }: Place, unit: Unit, before: string | undefined): Promise<boolean> {
  await writeUnit(dir, unit.name, unitText(unit))
  if (!own || !systemdRuns()) return false
  try {
    await systemctl('daemon-reload')
    await systemctl('enable', fileOf(unit.name))
    return true
  } catch (error) {
    await (before === undefined ? removeUnit(dir, unit.name) : writeUnit(dir, unit.name, before))
    throw error
  }
}

function linesOf(name: string, path: string, told: boolean): readonly string[] {
  const type = told ? [] : [`tell systemd: systemctl daemon-reload && systemctl enable nsnet-${name}`]
  return [
    `${told ? 'enabled' : 'wrote'} ${printable(path)}`,
    ...type.map((line) => `  ${line}`),
    `  set it up now, without a reboot: systemctl start nsnet-${name}`,
    `  take it back: systemctl stop nsnet-${name}`,
  ]
}
