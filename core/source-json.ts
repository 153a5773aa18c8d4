import { evaluate, parse, type AnyNode, type MemberNode, type ObjectNode } from '@humanwhocodes/momoa'
import type { Position } from './place-in.ts'
import { jsonMistake } from './json-mistake.ts'
import { ENOUGH, got, invalid, pointerOf, type Problem } from './problems.ts'
import { keyMistake, MAX_DEPTH, MAX_VALUES, positionsIn, refusal, tooDeep, tooMany } from './reading.ts'
import type { Read } from './reading.ts'

/** A text that is being read. */
interface Reading {
  readonly text: string
  readonly path: string
  readonly place: (offset: number) => Position
}

/** Reads JSON, RFC 8259; a key that stands twice is a mistake. @throws WORKFLOW_INVALID */
export function readJson(text: string, path: string): Read {
  const reading = { text, path, place: positionsIn(text) }
  expectModest(reading)
  const body = parsed(reading)
  const problems: Problem[] = []
  expectEachOnce(body, '', { ...reading, problems })
  if (problems.length > 0) throw invalid(path, problems)
  const find = finderIn(body)
  const at = (pointer: string): Position | undefined => {
    const node = find(pointer)
    return node && reading.place(offsetOf(node))
  }
  return { value: evaluate(body), at }
}

/** Counts brackets and commas outside of strings, before anything slow or recursive sees the text. */
function expectModest(reading: Reading): void {
  const { text, path, place } = reading
  let [depth, values] = [0, 1]
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!
    if (char === '"') at = endOfString(reading, at)
    else if (char === '[' || char === '{') {
      depth += 1
      if (!isEmpty(text, at)) values += 1
    } else if (char === ']' || char === '}') depth -= 1
    else if (char === ',') values += 1
    if (depth > MAX_DEPTH) throw tooDeep(path, place(at))
    if (values > MAX_VALUES) throw tooMany(path, place(at))
  }
}

/** Finds the quote that ends the string which begins at an offset, or the end of the text. */
function endOfString({ text, path, place }: Reading, start: number): number {
  let at = start + 1
  for (; at < text.length && text[at] !== '"'; at += text[at] === '\\' ? 2 : 1) {
    // The parser takes these for a part of the string, RFC 8259 does not.
    if (text[at]! < ' ') throw refusal(path, `expected JSON: Unexpected character ${got(text[at])} found.`, place(at))
  }
  return at
}

const emptiness = /\s*[\]}]/y

/** Says whether nothing stands in the list or object which begins at an offset. */
function isEmpty(text: string, start: number): boolean {
  emptiness.lastIndex = start + 1
  return emptiness.test(text)
}

function parsed({ text, path, place }: Reading): AnyNode {
  try {
    return parse(text, { mode: 'json' }).body
  } catch (error) {
    const { message, offset = 0 } = error as Error & { readonly offset?: number }
    const ends = message.startsWith('Unexpected end') || (offset >= text.length - 1 && message.includes('\uffff'))
    if (ends) throw refusal(path, 'expected JSON: Unexpected end of input found.', place(text.length))
    throw refusal(path, jsonMistake(text, offset, message), place(offset))
  }
}

/** Notes the fields that stand twice, and those that no object may have. */
function expectEachOnce(node: AnyNode, at: string, walk: Reading & { readonly problems: Problem[] }): void {
  if (node.type === 'Array') node.elements.forEach(({ value }, index) => expectEachOnce(value, `${at}/${index}`, walk))
  if (node.type !== 'Object') return
  const fields = fieldsOf(node)
  for (const member of node.members) {
    const name = nameOf(member)
    const pointer = at + pointerOf([name])
    const first = fields.get(name)!
    const message = keyMistake(name, first === member ? undefined : walk.place(offsetOf(first)))
    if (message !== undefined) walk.problems.push({ ...walk.place(offsetOf(member)), pointer, message })
    if (walk.problems.length === ENOUGH) throw invalid(walk.path, walk.problems)
    expectEachOnce(member.value, pointer, walk)
  }
}

/** Finds the value that a JSON pointer names; undefined where nothing stands. @see RFC 6901 */
function finderIn(body: AnyNode): (pointer: string) => AnyNode | undefined {
  const indexes = new Map<ObjectNode, ReadonlyMap<string, MemberNode>>()
  const childOf = (node: AnyNode, name: string): AnyNode | undefined => {
    if (node.type === 'Array') return node.elements[Number(name)]?.value
    if (node.type !== 'Object') return undefined
    const index = indexes.get(node) ?? fieldsOf(node)
    indexes.set(node, index)
    return index.get(name)?.value
  }
  return (pointer) => {
    const names = pointer.split('/').slice(1)
    return names.reduce<AnyNode | undefined>((node, name) => {
      return node && childOf(node, name.replaceAll('~1', '/').replaceAll('~0', '~'))
    }, body)
  }
}

/** Lists the fields of an object by name; of one that stands twice, the first. */
function fieldsOf({ members }: ObjectNode): ReadonlyMap<string, MemberNode> {
  const fields = new Map<string, MemberNode>()
  for (const member of members) if (!fields.has(nameOf(member))) fields.set(nameOf(member), member)
  return fields
}

const nameOf = ({ name }: MemberNode): string => (name.type === 'String' ? name.value : name.name)

const offsetOf = ({ loc }: AnyNode): number => loc.start.offset
