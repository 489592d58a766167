import { byId, el, iconButton } from './dom.js'
import { pictureActions } from './exchange.js'
import { words } from './words.js'

/** One picture, as large as the window allows. */
export function createViewer() {
  const dialog = byId('viewer')

  function open(picture, actions) {
    const leaving = {
      ...actions,
      reply: (chosen) => {
        dialog.close()
        actions.reply(chosen)
      },
    }
    dialog.replaceChildren(
      el('img', { src: picture.src, alt: picture.alt }),
      el(
        'div',
        { class: 'actions' },
        ...pictureActions(picture, leaving, null),
        iconButton('close', words.close, { class: 'quiet', onclick: () => dialog.close() }),
      ),
    )
    dialog.showModal()
  }

  dialog.addEventListener('click', (event) => {
    if (event.target === dialog || event.target instanceof HTMLImageElement) dialog.close()
  })
  return { open }
}
