import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { invalid, pointerOf } from './problems.ts'
import { MAX_DEPTH, refusal, tooDeep, type Position, type Read } from './reading.ts'

/** Aliases may repeat as many nodes as a careful author writes, and not as many as a bomb. */
const MAX_ALIASES = 100

/** Reads YAML 1.2. @throws WORKFLOW_INVALID */
export function readYaml(text: string, path: string): Read {
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    const problems = document.errors.map(({ message, pos }) => ({
      ...positionIn(lines, pos[0]),
      pointer: '',
      message: `expected YAML: ${message}`,
    }))
    if (problems.length > 0) throw invalid(path, problems)
    const positions = new Map<string, Position>()
    walk(document.contents, [], lines, positions, path)
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, positions }
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(path)
    if (error instanceof ReferenceError) throw refusal(path, `expected at most ${MAX_ALIASES} aliased nodes, got more`)
    throw error
  }
}

function walk(
  node: unknown,
  at: readonly PropertyKey[],
  lines: LineCounter,
  positions: Map<string, Position>,
  path: string,
): void {
  const position = positionIn(lines, (node as { readonly range?: readonly number[] } | null)?.range?.[0] ?? 0)
  if (at.length > MAX_DEPTH) throw tooDeep(path, position)
  positions.set(pointerOf(at), position)
  if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, [...at, index], lines, positions, path)
  if (!isMap(node)) return
  for (const { key, value } of node.items) {
    const name = String(isScalar(key) ? key.value : key)
    if (name === '__proto__') throw refusal(path, 'expected the name of a field, got "__proto__"', position)
    walk(value, [...at, name], lines, positions, path)
  }
}

function positionIn(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}
