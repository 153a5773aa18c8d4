import { expect, test } from 'vitest'
import { readYaml } from '../../core/source-yaml.ts'

const table: readonly (readonly [what: string, text: string, told: string])[] = [
  [
    'an expression without quotes in braces, and none of what follows from it',
    'steps:\n  - { id: a, with: { address: ${{ address(inputs.lan, 1) }}, link: lo } }\n  - { id: b }\n',
    '2:31: expected quotes around an expression, got none (write "${{ address(inputs.lan, 1) }}")',
  ],
  [
    'an expression that has quotes itself',
    `steps:\n  - { with: { ping: \${{ steps["a-b"].outputs.via }} } }\n`,
    `2:21: expected quotes around an expression, got none (write '\${{ steps["a-b"].outputs.via }}')`,
  ],
  [
    'an expression behind other characters',
    'with: { name: to-${{ each }} }\n',
    '1:15: expected quotes around an expression, got none (write "to-${{ each }}")',
  ],
  [
    'an expression with ": " in it',
    'if: ${{ inputs.a == "b: c" }}\n',
    `1:5: expected quotes around a text with ": " in it, got none (write '\${{ inputs.a == "b: c" }}')`,
  ],
  [
    'double quotes in double quotes',
    'with: { from: "${{ steps["a-b"].outputs.x }}" }\n',
    `1:27: expected nothing more behind a closing ", got "a-b\\"].outputs.x }}\\" }" (a text with " in it stands in '…')`,
  ],
  [
    'a missing comma',
    'with: { link: lo address: "10.0.0.1/8" }\n',
    '1:15: expected a comma between two fields, got none (write lo, address: …)',
  ],
  [
    'a text that ends with a colon',
    'with: { to: fd00::, dev: lo }\n',
    '1:13: expected quotes around a text that ends with ":", got none (write "fd00::")',
  ],
  ['a missing brace', 'a: { b: c\nd: e\n', '2:1: expected a closing "}" before this, got "d: e"'],
  ['a missing bracket', 'a: [b, c\nd: e\n', '2:1: expected a closing "]" before this, got "d: e"'],
  ['a brace too many', 'a: { b: c }}\n', '1:12: expected a field or an item of a list, got "}"'],
  [
    'a field with fewer spaces',
    'steps:\n  - id: a\n    uses: netns\n   with: {}\n',
    '4:4: expected "- ", or as many spaces as the fields above have, in front of "with: {}", got 3 spaces',
  ],
  [
    'a field with more spaces',
    'steps:\n  - id: a\n\n    # why\n     uses: netns\n',
    '5:6: expected 4 spaces in front of "uses: netns", as the field above has, got 5',
  ],
  ['a tab', 'steps:\n\t- id: a\n', '2:1: expected spaces in front of a field, got a tab'],
  ['no space behind a dash', 'steps:\n  -id: a\n    uses: b\n', '2:3: expected a space behind "-", got "-id:"'],
  ['no space behind a colon', 'name:a\nsteps: []\n', '1:1: expected a name, ":" and a space, got "name:a"'],
  [
    'an item behind fields',
    'steps:\n  a:\n    b: c\n  - id: d\n',
    '4:3: expected a field like those above, got an item of a list: "- id: d"',
  ],
  [
    'a quote that is not closed',
    'name: "a"\nb: "c\nd: e\n',
    '2:4: expected a closing ", got "\\"c" and no other " behind',
  ],
  [
    'a character that begins no text',
    'with: { netns: @a }\n',
    '1:16: expected quotes around a text that begins with "@", got none (write "@a")',
  ],
  ['two documents', 'a: b\n---\nc: d\n', '2:1: expected one document, got another one behind ---'],
]

test.each(table)('of YAML tells %s', (_what, text, told) => {
  expect(() => readYaml(text, '/lab.yaml')).toThrow(
    expect.objectContaining({ message: `/lab.yaml has a mistake:\n  lab.yaml:${told}` }),
  )
})
