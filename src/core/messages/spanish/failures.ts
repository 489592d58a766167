import type { FailureCode } from '../../failure.ts'

export const failures: Readonly<Record<FailureCode, string>> = {
  invalid_request:
    'El servicio de imágenes no aceptó esta solicitud. Cambia el texto o las imágenes e inténtalo de nuevo.',
  content_rejected:
    'El servicio de imágenes rechazó esta solicitud por sus normas de contenido. Prueba con otras palabras.',
  workspace_not_allowed: 'Este bot no está habilitado aquí. Pide a quien administra el bot que lo permita.',
  day_spent: 'Los créditos de este bot para hoy se agotaron. Inténtalo mañana o pregunta a quien administra el bot.',
  person_day_spent: 'Tus créditos para hoy se agotaron. Inténtalo mañana.',
  input_unreachable: 'No se pudo descargar tu imagen. Adjúntala de nuevo.',
  input_not_picture: 'Ese archivo no es una imagen. Adjunta un archivo PNG, JPEG, WebP, GIF, AVIF o HEIC.',
  input_empty: 'Ese archivo está vacío. Adjunta la imagen de nuevo.',
  input_too_large: 'Esa imagen pesa más de 20 MB. Adjunta una más pequeña.',
  input_too_many_pixels: 'Esa imagen tiene demasiados píxeles. Adjunta una más pequeña.',
  input_needs_public_url:
    'Aquí todavía no se pueden editar imágenes. Quien administra el bot puede activarlo con PUBLIC_URL. Crear imágenes a partir de un texto sí funciona.',
  input_gone: 'La imagen ya no está. Adjúntala de nuevo.',
  key_rejected: 'El servicio de imágenes no acepta la clave de este bot. Quien administra el bot debe renovarla.',
  credits_exhausted:
    'El servicio de imágenes indica que los créditos de este bot se agotaron. Quien administra el bot debe comprar más.',
  rate_limited: 'El servicio de imágenes está muy ocupado ahora mismo. Inténtalo de nuevo en unos minutos.',
  maintenance: 'El servicio de imágenes está en mantenimiento. Inténtalo de nuevo en unos minutos.',
  upstream_unavailable: 'No se puede contactar con el servicio de imágenes. Inténtalo de nuevo en unos minutos.',
  upstream_failed: 'El servicio de imágenes no pudo crear esta imagen. Inténtalo de nuevo o usa otras palabras.',
  unexpected_answer: 'La respuesta del servicio de imágenes no tiene sentido. Inténtalo de nuevo en unos minutos.',
  outcome_unknown:
    'El servicio de imágenes no confirmó esta solicitud. No se volvió a enviar, para que no se cobre dos veces. Puedes pedir la imagen de nuevo si quieres.',
  task_unknown: 'El servicio de imágenes perdió esta solicitud. Pide la imagen de nuevo.',
  timed_out: 'El servicio de imágenes tardó demasiado. Pide la imagen de nuevo.',
  result_gone: 'La imagen se creó, pero el servicio de imágenes ya no la tiene. Pídela de nuevo.',
  result_not_picture: 'El servicio de imágenes envió algo que no es una imagen. Pídela de nuevo.',
  delivery_gone: 'El mensaje para esta imagen se eliminó. Pídela de nuevo si todavía la quieres.',
  delivery_refused: 'La imagen se creó, pero este canal no la acepta. Pregunta a la moderación o prueba en otro canal.',
  permission_missing:
    'La imagen se creó, pero el bot no puede publicar imágenes aquí. Pide a la moderación que le permita adjuntar archivos.',
  result_too_large: 'La imagen se creó, pero es demasiado grande para este chat. Pídela de nuevo con calidad media.',
  surface_unavailable: 'No se pudo contactar con el chat. Pide la imagen de nuevo en unos minutos.',
  token_rejected: 'El bot ya no tiene sesión iniciada aquí. Quien lo administra debe configurarlo de nuevo.',
  store_unavailable:
    'El bot no puede guardar solicitudes ahora mismo, así que no se inició nada. Inténtalo de nuevo en un minuto.',
  accept_unknown:
    'El bot perdió su base de datos por un momento. Si tu imagen no aparece aquí en unos minutos, pídela de nuevo.',
  not_ours: 'Algo salió mal por nuestra parte. Pide la imagen de nuevo.',
  configuration: 'El bot no está configurado del todo. Avisa a quien lo administra.',
  internal:
    'Algo salió mal por nuestra parte. Pide la imagen de nuevo; si vuelve a pasar, avisa a quien administra el bot.',
}
