import { parse, type AnyNode, type MemberNode } from '@humanwhocodes/momoa'
import { got, invalid, pointerOf, type Problem } from './problems.ts'
import { MAX_DEPTH, refusal, tooDeep, type Position, type Read } from './reading.ts'

/** Reads JSON, RFC 8259; a key that stands twice is a mistake. @throws WORKFLOW_INVALID */
export function readJson(text: string, path: string): Read {
  expectShallow(text, path)
  const positions = new Map<string, Position>()
  const problems: Problem[] = []
  const value = valueOf(parsed(text, path), [], positions, problems)
  if (problems.length > 0) throw invalid(path, problems)
  return { value, positions }
}

function parsed(text: string, path: string): AnyNode {
  try {
    return parse(text, { mode: 'json' }).body
  } catch (error) {
    const { line = 1, column = 1, message } = error as Error & Partial<Position>
    throw refusal(path, `expected JSON: ${inPlainWords(message)}`, { line, column })
  }
}

/** The parser's names of tokens, as people know them. */
const tokens: { readonly [name: string]: string } = {
  LBrace: '"{"',
  RBrace: '"}"',
  LBracket: '"["',
  RBracket: '"]"',
  Comma: '","',
  Colon: '":"',
}

const inPlainWords = (message: string): string =>
  message.replace(/ \(\d+:\d+\)$/, '').replace(/[LR]Brac(?:e|ket)|Comma|Colon/g, (name) => tokens[name]!)

/** Counts brackets outside of strings, before anything recursive sees the text. */
function expectShallow(text: string, path: string): void {
  let depth = 0
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/gs)) {
    if (token === '[' || token === '{') depth += 1
    else if (token === ']' || token === '}') depth -= 1
    if (depth > MAX_DEPTH) throw tooDeep(path)
  }
}

function valueOf(
  node: AnyNode,
  at: readonly PropertyKey[],
  positions: Map<string, Position>,
  problems: Problem[],
): unknown {
  positions.set(pointerOf(at), node.loc.start)
  if (node.type === 'Array')
    return node.elements.map(({ value }, index) => valueOf(value, [...at, index], positions, problems))
  if (node.type === 'Object') {
    const seen = new Map<string, MemberNode>()
    const entries = node.members.map((member): [string, unknown] => {
      const name = member.name.type === 'String' ? member.name.value : member.name.name
      const problem = keyProblem(name, seen.get(name))
      if (problem) problems.push({ ...member.name.loc.start, pointer: pointerOf([...at, name]), message: problem })
      seen.set(name, member)
      return [name, valueOf(member.value, [...at, name], positions, problems)]
    })
    return Object.fromEntries(entries)
  }
  return node.type === 'Null' ? null : (node as { readonly value?: unknown }).value
}

function keyProblem(name: string, first: MemberNode | undefined): string | undefined {
  if (name === '__proto__') return 'expected the name of a field, got "__proto__"'
  const { line, column } = first?.name.loc.start ?? {}
  return first && `expected each field once, got ${got(name)} again (first at ${line}:${column})`
}
