import sharp from 'sharp'

export async function decodedSize(bytes: Uint8Array) {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  if (data.length !== info.width * info.height * info.channels) throw new Error('not whole')
  const { format } = await sharp(bytes).metadata()
  return { format, width: info.width, height: info.height }
}
