import fc from 'fast-check'

/** Trees of a kind, with some of their parts replaced by anything, doubled, left out, or given another name. */
export function mutated(trees: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const change = fc.record({
    where: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
    what: fc.constantFrom('replace', 'remove', 'double', 'rename'),
    by: fc.oneof(odd, fc.jsonValue({ maxDepth: 3 })),
  })
  return fc
    .tuple(trees, fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([tree, changes]) =>
      changes.reduce<unknown>((it, { where, what, by }) => changedAt(it, where, what, by), tree),
    )
}

/** What programs stumble over. */
const odd = fc.constantFrom<unknown>(
  null,
  '',
  0,
  -1,
  1e308,
  true,
  [],
  {},
  '__proto__',
  'constructor',
  '${{ inputs.a }}',
  '${{',
  '../..',
  '\0',
  '\x1b[2J',
  'a'.repeat(70_000),
)

/** Goes down a tree as far as the numbers lead, and changes what is there. */
function changedAt(tree: unknown, [first = 0, ...rest]: readonly number[], what: string, by: unknown): unknown {
  if (typeof tree !== 'object' || tree === null || Object.keys(tree).length === 0) return by
  const entries = Object.entries(tree)
  const at = first % entries.length
  const [key, value] = entries[at]!
  const inner = rest.length > 0 && typeof value === 'object' && value !== null
  if (inner) entries[at] = [key, changedAt(value, rest, what, by)]
  else if (what === 'replace') entries[at] = [key, by]
  else if (what === 'remove') entries.splice(at, 1)
  else if (what === 'double') entries.splice(at, 0, [`${key}2`, value])
  else entries[at] = [typeof by === 'string' ? by : 'renamed', value]
  return Array.isArray(tree) ? entries.map(([, item]) => item) : Object.fromEntries(entries)
}
