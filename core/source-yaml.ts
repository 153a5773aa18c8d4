import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, type Document } from 'yaml'
import type { Position } from './place-in.ts'
import { invalid, pointerOf, type Problem } from './problems.ts'
import { keyMistake, MAX_DEPTH, MAX_VALUES, positionsIn, refusal, tooDeep, tooMany, type Read } from './reading.ts'
import { yamlMistake } from './yaml-mistake.ts'

/**
 * How many tokens are read: about 3,000 steps. The parser takes 7 µs for each, so that more would keep people waiting; JSON is
 * read several times as fast.
 */
const MAX_TOKENS = 100_000

/** Aliases may repeat as many nodes as a careful author writes, and not as many as a bomb. */
const MAX_ALIASES = 100

/** What is gathered while a tree is walked; `anchored` has the latest node of each anchor, `around` those that are open. */
interface Walk {
  readonly place: (node: unknown) => Position
  readonly path: string
  readonly positions: Map<string, Position>
  readonly keys: Map<string, Position>
  readonly anchored: Map<string, unknown>
  readonly around: Set<unknown>
  readonly problems: Problem[]
}

/** Reads YAML 1.2, as far as it says what JSON can say. @throws WORKFLOW_INVALID */
export function readYaml(text: string, path: string): Read {
  expectModest(text, path)
  const lines = new LineCounter()
  const place = (node: unknown): Position =>
    positionIn(lines, (node as { readonly range?: readonly number[] } | null)?.range?.[0] ?? 0)
  const found = { positions: new Map<string, Position>(), keys: new Map(), anchored: new Map(), around: new Set() }
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
    expectSound(text, document, lines, path)
    const problems: Problem[] = []
    visit(document.contents, '', 0, { ...found, place, path, problems })
    if (problems.length > 0) throw invalid(path, problems)
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    expectShallow(value, 0, { path, values: 0 })
    return { value, at: (pointer) => found.positions.get(pointer) }
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(path)
    if (error instanceof ReferenceError) throw refusal(path, `expected at most ${MAX_ALIASES} aliased nodes, got more`)
    throw error
  }
}

/** Counts tokens before anything slow or recursive sees the text. */
function expectModest(text: string, path: string): void {
  let [tokens, at] = [0, 0]
  for (const token of new Lexer().lex(text)) {
    tokens += 1
    if (tokens > MAX_TOKENS) throw tooMuchYaml(path, positionsIn(text)(at))
    if (!marks.has(token)) at += token.length
  }
}

/** What the lexer puts between the tokens of the text. */
const marks = new Set(['\x02', '\x18', '\x1f'])

const tooMuchYaml = (path: string, position: Position): Error =>
  refusal(
    path,
    `expected at most ${MAX_TOKENS} tokens of YAML, got more: write it as JSON, which is read faster`,
    position,
  )

/** Tells the first mistake alone: what the parser says of the rest follows from it. */
function expectSound(text: string, { errors, warnings }: Document.Parsed, lines: LineCounter, path: string): void {
  const deep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION')
  if (deep) throw tooDeep(path, positionIn(lines, deep.pos[0]))
  const [first] = [...errors, ...warnings].toSorted((a, b) => a.pos[0] - b.pos[0])
  if (first === undefined) return
  const { offset, ...told } = yamlMistake(text, first)
  throw invalid(path, [{ ...positionIn(lines, offset), pointer: '', ...told }])
}

/** Notes where everything stands, and what JSON has no words for. */
function visit(node: unknown, at: string, depth: number, walk: Walk): void {
  const position = walk.place(node)
  const add = (message: string): void => void walk.problems.push({ ...position, pointer: at, message })
  if (depth > MAX_DEPTH) throw tooDeep(walk.path, position)
  walk.positions.set(at, position)
  if (isAlias(node)) return expectTarget(node.source, walk, add)
  const { anchor, tag } = (node ?? {}) as { readonly anchor?: string; readonly tag?: string }
  if (anchor !== undefined) walk.anchored.set(anchor, node)
  if (tag !== undefined && !plainTag.test(tag)) add(`expected a value that JSON has too, got the tag ${tag}`)
  walk.around.add(node)
  if (isSeq(node)) for (const [index, item] of node.items.entries()) visit(item, `${at}/${index}`, depth + 1, walk)
  if (isMap(node)) for (const { key, value } of node.items) visitField(key, value, at, depth, walk)
  walk.around.delete(node)
}

const plainTag = /^(?:!|tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq))$/

function expectTarget(source: string, { anchored, around }: Walk, add: (message: string) => void): void {
  if (!anchored.has(source)) add(`expected an anchor &${source} before the alias *${source}, got none`)
  else if (around.has(anchored.get(source))) add(`expected an alias of something that ends before it, got *${source}`)
}

function visitField(key: unknown, value: unknown, at: string, depth: number, walk: Walk): void {
  const name = isScalar(key) ? String(key.value ?? '') : undefined
  const pointer = name === undefined ? at : at + pointerOf([name])
  const position = walk.place(key)
  const message =
    name === undefined ? 'expected a text as the name of a field' : keyMistake(name, walk.keys.get(pointer))
  if (message !== undefined) walk.problems.push({ ...position, pointer, message })
  else walk.keys.set(pointer, position)
  visit(value, pointer, depth + 1, walk)
}

/** Aliases nest what is not nested in the text, and multiply. */
function expectShallow(value: unknown, depth: number, count: { readonly path: string; values: number }): void {
  count.values += 1
  if (depth > MAX_DEPTH) throw tooDeep(count.path)
  if (count.values > MAX_VALUES) throw tooMany(count.path)
  if (typeof value !== 'object' || value === null) return
  for (const item of Object.values(value)) expectShallow(item, depth + 1, count)
}

function positionIn(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}
