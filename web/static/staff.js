// Parts marked data-refresh="SECONDS" come anew while the page is in sight.
// Where the keyboard stands, nothing is replaced.
{
  const again = async part => {
    const seconds = +part.dataset.refresh
    await new Promise(done => setTimeout(done, seconds * 1000))
    let next = part
    if (!document.hidden && !part.contains(document.activeElement)) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } })
        if (answer.ok) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html")
          const was = [...document.querySelectorAll("main > div")].indexOf(part)
          const found = page.querySelectorAll("main > div")[was]
          if (found) {
            if (found.innerHTML !== part.innerHTML || found.dataset.refresh !== part.dataset.refresh) {
              const scrolled = [...part.querySelectorAll(".scroll")].map(s => s.scrollLeft)
              part.replaceWith(found)
              found.querySelectorAll(".scroll").forEach((s, i) => { s.scrollLeft = scrolled[i] || 0 })
              next = found
            }
          }
        } else if (answer.status === 401 || answer.status === 410) {
          location.reload()
          return
        }
      } catch { /* no connection: the next time, perhaps */ }
    }
    if (next.dataset.refresh) again(next)
  }
  document.querySelectorAll("[data-refresh]").forEach(again)
}
