// Encrypts the class list that was chosen, here, to the event's recipient, and
// sends the age file alone: neither the list nor its name leaves the page.
{
  const form = document.getElementById("hand-in"), text = form.dataset
  const input = form.querySelector("input"), fault = document.getElementById("list-error")
  const doing = form.querySelector(".doing"), state = doing.querySelector("p"), bar = doing.querySelector("progress")
  const refused = document.getElementById("refused"), title = document.title
  let busy = false

  const say = (what, part) => {
    doing.hidden = !what
    if (state.textContent !== what) state.textContent = what
    if (part === undefined) bar.removeAttribute("value"); else bar.value = 100 * part
  }

  // refuse tells above the form why nothing came of it.
  const refuse = (what, why) => {
    say("")
    refused.querySelector("h2 span").textContent = what
    refused.querySelector("p").textContent = why
    refused.hidden = false
    document.title = text.fault + " " + title
    refused.focus()
  }

  // wrong tells at the field what to mend.
  const wrong = what => {
    say("")
    fault.querySelector("span").textContent = what
    fault.hidden = !what
    input.setAttribute("aria-describedby", what ? "list-error list-hint" : "list-hint")
    if (!what) return input.removeAttribute("aria-invalid")
    input.setAttribute("aria-invalid", "true")
    document.title = text.fault + " " + title
    input.focus()
  }

  const isAge = bytes => {
    const begin = new TextDecoder("latin1").decode(bytes.subarray(0, 200))
    return begin.startsWith("age-encryption.org/v1\n") || begin.trimStart().startsWith("-----BEGIN AGE ENCRYPTED FILE-----")
  }

  // send resolves to the request once it was answered. Of the file's name only
  // the kind goes along.
  const send = (body, kind) => new Promise((done, failed) => {
    const request = new XMLHttpRequest()
    request.open("POST", `${form.action}?preview=true&name=list${kind}`)
    request.setRequestHeader("Accept", "application/json")
    request.setRequestHeader("Content-Type", "application/octet-stream")
    request.upload.onprogress = e => { if (e.lengthComputable) say(text.sending, e.loaded / e.total) }
    request.upload.onload = () => say(text.reading)
    request.onload = () => done(request)
    request.onerror = request.onabort = failed
    request.send(body)
  })

  const handIn = async file => {
    let bytes, answer
    say(text.encrypting)
    try {
      bytes = new Uint8Array(await file.arrayBuffer())
    } catch {
      return refuse(text.unreadable, text.unreadableDetail)
    }
    const own = isAge(bytes)
    if (!own && bytes.length > +text.most) return wrong(text.large)
    const sealed = own ? bytes : await encryptTo(text.recipient, bytes)
    say(text.sending, 0)
    try {
      answer = await send(sealed, own ? ".age" : /(\.[a-z0-9]{1,8})?$/i.exec(file.name)[0].toLowerCase())
    } catch {
      return refuse(text.failed, text.failedDetail)
    }
    if (answer.status === 401) return location.reload() // signed out meanwhile
    let said = {}
    try { said = JSON.parse(answer.responseText) } catch { /* of a proxy on the way, not of ours */ }
    if (answer.status === 201 && said.preview) location.assign(said.preview)
    else refuse(said.title || text.failed, said.detail || text.failedDetail)
  }

  form.addEventListener("submit", async event => {
    event.preventDefault() // nothing of this form is ever sent as it is
    if (busy) return
    busy = true
    refused.hidden = true
    document.title = title
    wrong("")
    try {
      if (input.files.length) await handIn(input.files[0])
      else wrong(text.missing)
    } finally {
      busy = false
    }
  })
  addEventListener("pageshow", () => say("")) // back from the preview: the file is still chosen

  if (typeof encryptTo === "function") {
    document.getElementById("own").open = false
    for (const [id, hide] of Object.entries({ "hand-in": false, lead: false, "own-above": false, "own-lead": true, "own-form": true })) {
      const part = document.getElementById(id)
      if (part) part.hidden = hide
    }
  }
}
