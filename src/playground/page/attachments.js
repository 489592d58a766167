import { postPicture } from './api.js'
import { byId, el, iconButton } from './dom.js'
import { thumbnail } from './exchange.js'
import { words } from './words.js'

/** Pictures that were dropped, pasted or chosen: uploaded at once, shown small until they are sent. */
export function createAttachments({ whisper, changed }) {
  const list = byId('attachments')
  let attached = []
  let limits = { bytes: Number.POSITIVE_INFINITY, tooLarge: '' }

  function add(files) {
    for (const file of files) {
      if (file.size > limits.bytes) whisper([[{ quoted: file.name }, ' ', limits.tooLarge]])
      else attach(file)
    }
    changed()
  }

  function attach(file) {
    const src = URL.createObjectURL(file)
    const item = el(
      'li',
      { class: 'uploading', 'aria-label': file.name },
      thumbnail(src, file.name),
      iconButton('close', file.name === '' ? words.removePicture : `${words.removePicture}: ${file.name}`, {
        class: 'remove',
        onclick: () => remove(picture),
      }),
    )
    const picture = { name: file.name.slice(0, 255), src, item, id: null, failed: false }
    picture.id = upload(picture, file)
    attached.push(picture)
    list.append(item)
  }

  /** The picture's id, or null where it will not do. */
  async function upload(picture, file) {
    const answer = await postPicture(file)
    picture.item.classList.remove('uploading')
    if (answer?.ok === true) return answer.id
    picture.failed = true
    remove(picture)
    whisper(
      answer === null || answer.notices.length === 0
        ? [[{ quoted: file.name }, ' ', words.notUploaded]]
        : answer.notices,
    )
    return null
  }

  function remove(picture) {
    attached = attached.filter((other) => other !== picture)
    picture.item.remove()
    changed()
  }

  function take() {
    const taken = attached
    attached = []
    list.replaceChildren()
    changed()
    return taken
  }

  return {
    add,
    take,
    giveBack: (pictures) => {
      const usable = pictures.filter(({ failed }) => !failed)
      attached.push(...usable)
      list.append(...usable.map(({ item }) => item))
      changed()
    },
    count: () => attached.length,
    show: () => {
      list.hidden = attached.length === 0
    },
    limit: (given) => {
      limits = given
    },
  }
}
