import { here } from '../../library/place.ts'
import { NsnetError } from '../../core/errors.ts'
import { summaryOf } from '../../journal/summaries.ts'
import { isFile } from '../file-or-run.ts'
import type { InputOptions } from '../given.ts'
import { driftOf } from '../graph/drift.ts'
import { drawRun, drawWorkflow } from '../graph/drawn-steps.ts'
import { jsonOf } from '../graph/json.ts'
import type { Topology } from '../graph/model.ts'
import { topologyOf } from '../graph/topology.ts'
import { registryOfRun } from '../../library/plugins.ts'
import { storeFor } from '../session.ts'
import { stateOf } from '../state.ts'
import { tellOfLacking } from '../lacking.ts'
import type { Terminal } from '../terminal.ts'
import { readWorkflow } from '../workflow-file.ts'

export interface GraphOptions extends InputOptions {
  /** Text when it is absent, with `--json` JSON. */
  readonly format?: Format
  /** Text without line-drawing characters. */
  readonly ascii?: boolean
  /** Look at the kernel for what has drifted; true when absent. */
  readonly verify?: boolean
}

/** `nsnet graph FILE|RUN`: draws the network that a workflow makes, or a run has made, with what others changed in red. */
export async function graph(terminal: Terminal, name: string, options: GraphOptions): Promise<number> {
  const format = formatIn(terminal, options)
  const topology = isFile(name) ? await ofFile(name, options) : await ofRun(terminal, name, options)
  terminal.out(await drawers[format](topology, terminal, options))
  return 0
}

function formatIn({ options: { json } }: Terminal, { format }: GraphOptions): Format {
  if (json && format !== undefined && format !== 'json')
    throw new NsnetError('USAGE', `expected --json or --format ${format}, got both`, 'leave one of them out')
  return format ?? (json ? 'json' : 'text')
}

/** Each loads what it alone needs. */
const drawers = {
  text: async (topology, { paint, columns }, { ascii }) =>
    (await import('../graph/text.ts')).textOf(topology, {
      paint,
      columns: columns(),
      ascii: ascii === true || !speaksUtf8(),
    }),
  svg: async (topology) => await (await import('../graph/svg.ts')).svgOf(topology),
  dot: async (topology) => (await import('../graph/dot.ts')).dotOf(topology),
  mermaid: async (topology) => (await import('../graph/mermaid.ts')).mermaidOf(topology),
  json: async (topology) => jsonOf(topology),
} satisfies { readonly [format: string]: Drawer }

type Format = keyof typeof drawers

type Drawer = (topology: Topology, terminal: Terminal, options: { readonly ascii?: boolean }) => Promise<string>

async function ofFile(file: string, options: InputOptions): Promise<Topology> {
  const { started, registry } = await readWorkflow(file, options, here)
  const { workflow, facts } = started
  const steps = await drawWorkflow(started, registry)
  return topologyOf(steps, { name: workflow.name, run: null, uplink: facts.uplink, drifted: new Map() })
}

async function ofRun(terminal: Terminal, name: string, options: GraphOptions): Promise<Topology> {
  const store = await storeFor(terminal.options)
  const folded = await store.fold((await store.find(name)).id)
  const { moment } = folded
  const { started } = moment.run
  const registry = await registryOfRun(started, [])
  tellOfLacking(terminal, registry, 'its steps are drawn as notes')
  const steps = await drawRun(moment, registry)
  const drifted =
    options.verify === false ? new Map<string, string>() : await driftOf(terminal, moment, registry, options)
  const { workflow, facts } = started
  const of = { id: started.run, state: await stateOf(store, summaryOf(folded)) }
  return topologyOf(steps, { name: workflow.name, run: of, uplink: facts.uplink, drifted })
}

/** Says whether the locale is UTF-8. @see locale(7) */
function speaksUtf8(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')
}
