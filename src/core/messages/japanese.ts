import type { Messages } from '../messages.ts'
import { creditsPerPicture } from '../request.ts'
import { failures } from './japanese/failures.ts'
import { labels } from './japanese/labels.ts'
import { omissions, problemWords } from './japanese/problems.ts'
import { wording } from './wording.ts'

const { duration, names } = wording.ja
const credits = (count: number) => `${count}クレジット`
const ratios = { '1:1': '正方形', '2:3': '縦長', '3:2': '横長' } as const

/** Japanese, polite (です・ます). */
export const japanese: Messages = {
  locale: 'ja',
  queued: (place) =>
    place === null ? '順番待ちです…' : place <= 1 ? 'まもなく順番です…' : `順番待ちです（${place}番目）…`,
  preparing: () => '画像を読み込んでいます…',
  sharing: '共有しています…',
  pressToSee: (button) => `少し時間がかかっています。「${button}」を押すと、進み具合を確認できます。`,
  running: ({ done, total, elapsedMs, remainingMs, late }) => {
    if (late) return '画像サービスの処理に時間がかかりすぎています。一日以内に画像が届けば、ここに表示します。'
    const drawing = `描いています${total > 1 ? `（${total}枚中${done}枚完了）` : ''}。${duration(elapsedMs)}経過`
    if (remainingMs === null) return `${drawing}。いつもより時間がかかっています…`
    return `${drawing}、残り約${duration(Math.max(1_000, remainingMs))}…`
  },
  made: ({ ratio, quality, credits: cost, tookMs, edited }) =>
    [
      `${duration(tookMs)}で${edited ? '編集' : '作成'}`,
      `${ratio} ${ratios[ratio]}`,
      quality === 'high' ? '高画質' : '標準画質',
      credits(cost),
    ].join(' · '),
  partly: (made, total, failure) => `${total}枚中${made}枚の画像ができました。${failures[failure.code]}`,
  failed: (failure) => failures[failure.code],
  cancelled: (cost, pending) => {
    if (cost === 0) return 'キャンセルしました。クレジットは消費されていません。'
    if (pending) return `キャンセルしました。画像はすでに作成中で止められないため、${credits(cost)}かかります。`
    return `キャンセルしました。画像はすでにできていたため、${credits(cost)}を消費しました。`
  },
  cancelAnswer: (answer) =>
    ({
      cancelled: 'キャンセルしました。',
      finished: 'すでに完了しています。',
      not_yours: 'キャンセルできるのは、リクエストした本人だけです。',
      unknown: 'このリクエストは古いため、キャンセルできません。',
    })[answer],
  eraseAnswer: (answer) =>
    ({
      erased: '削除しました。',
      not_yours: '削除できるのは、リクエストした本人かモデレーターだけです。',
      live: 'この画像はまだ作成中です。先にキャンセルしてください。',
      unknown: 'この画像の記録はもうありません。メッセージを直接削除してください。',
    })[answer],
  noJob: (why, command) =>
    ({
      unknown: `この画像の記録はもうありません。${command} でもう一度リクエストしてください。`,
      not_yours: 'これは別の人の画像です。',
      live: 'この画像はまだ作成中です。完成してからもう一度お試しください。',
    })[why],
  noPicture: '画像が見つかりません。画像を添付するか、画像のあるメッセージに返信してください。',
  unread: `このメッセージは読み取れません。返信でBotにメンションして変更内容を書くか、画像のメニューから「アプリ」→「${labels.command.editImage}」を選んでください。`,
  unseen: `そのメッセージの内容が見えません。画像をここに添付するか、メッセージのメニューから「アプリ」→「${labels.command.editImage}」を選んでください。`,
  formExpired: 'フォームが長時間開いたままでした。もう一度開いてください。',
  formLate: '時間がかかりすぎたため、フォームを開けませんでした。もう一度お試しください。',
  used: (given) => ['使用した画像：', ...names(given), '。'],
  omitted: (omitted) => [
    '使用しなかったもの：',
    ...omitted.flatMap(({ name, why }, at) => [at === 0 ? '' : '、', { quoted: name }, `（${omissions[why]}）`]),
    '。',
  ],
  usage: ({ today, month, pictures, personDayCap, dayOver }) => [
    personDayCap > 0 ? `今日：${today} / ${credits(personDayCap)}` : `今日：${credits(today)}`,
    `過去30日間：${credits(month)}、画像${pictures}枚`,
    ...(dayOver ? ['今日の全員分のクレジットは使い切られました。明日また使えるようになります。'] : []),
  ],
  unfinished: { live: '作成中', failed: '作成できず', cancelled: 'キャンセル済み' },
  nothingYet: (command) => `まだ画像がありません。${command} 雪の中のキツネ のように試してみてください。`,
  nthPicture: (n) => `画像${n}`,
  credits,
  duration,
  action: (action) =>
    ({
      imagine: 'テキストから作成',
      edit: '編集',
      again: '再作成',
      upgrade: '高画質で作成',
      variations: 'バリエーション',
      share: '共有',
    })[action],
  underWay: 'すでに受け付けています。',
  oldButton: 'このボタンは古いバージョンのものです。もう一度リクエストしてください。',
  problem: problemWords,
  help: (command) => [
    `${command} 雪の中のキツネ`,
    `--ar 1:1、2:3、3:2 で縦横比、--hq で高画質（${creditsPerPicture.medium}ではなく${credits(creditsPerPicture.high)}）、--count 2 で複数枚を指定できます。`,
    '画像を添付するか画像に返信して、変更したい内容を書いてください。',
  ],
  inThread: '画像はこのメッセージのスレッドにあります。',
  away: (command) =>
    `Botがチャンネルに参加していないため、ここで返信します。チャンネルで ${command} を実行すると、そこで返信できます。`,
  closed:
    'チャンネルがアプリの投稿を受け付けていない（アーカイブ済みか制限中の可能性があります）ため、ここで返信します。',
  linked: '画像をここに表示できませんでした。このリンクは一日以上有効です。早めに画像を保存してください。',
  invite: (command) => `Botがこのチャンネルに参加していません。${command} を実行すると、ここでできることが増えます。`,
  reduced: 'このチャットのアップロード上限に合わせて縮小しました。',
  alt: (prompt, edited) => `${edited ? '編集した画像' : '画像'}：${prompt}`,
  quality: (quality) => `${quality === 'high' ? '高画質' : '標準'}（${credits(creditsPerPicture[quality])}）`,
  ratio: (ratio) => `${ratio} ${ratios[ratio]}`,
  ...labels,
}
