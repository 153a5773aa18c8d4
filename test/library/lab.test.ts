import { expect, test } from 'vitest'
import { start, type WorkflowObject } from '../../library/index.ts'

const cable: WorkflowObject = {
  name: 'cable',
  inputs: { mtu: { type: 'integer' } },
  steps: [
    { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
    { id: 'cable', uses: 'veth', with: { name: 'to-blue', peer: { name: 'eth0', netns: 'blue' } } },
    { id: 'here', uses: 'addr', with: { link: 'to-blue', address: '10.1.0.1/24' } },
    { id: 'up', uses: 'link', with: { link: 'to-blue', state: 'up' } },
    { id: 'there', uses: 'addr', with: { netns: 'blue', link: 'eth0', address: '10.1.0.2/24' } },
    { id: 'ready', uses: 'link', with: { netns: 'blue', link: 'eth0', state: 'up', mtu: '${{ inputs.mtu }}' } },
  ],
}

test.concurrent.each([1280, 1400, 1500])('a cable of %d bytes carries that many, and no more', async (mtu) => {
  await using run = await start(cable, { sandbox: true, inputs: { mtu } })
  await run.done
  const ping = (bytes: number) =>
    run.exec(['ping', '-c', '1', '-W', '1', '-M', 'do', '-s', `${bytes - 28}`, '10.1.0.1'], { netns: 'blue' })
  expect(await ping(mtu)).toMatchObject({ exitCode: 0 })
  expect(await ping(mtu + 1)).toMatchObject({ exitCode: 1 })
})
