// Brings what is on the page to what the server has drawn, touching only what differs: what people have unfolded,
// selected, scrolled to or typed stays. The server's HTML is sanitised, and the policy of the page runs no script.

/** Let the children of `into` be that HTML. */
export function morph(into, html) {
  const drawn = document.createElement("template");
  drawn.innerHTML = html;
  localTimes(drawn.content);
  children(into, drawn.content);
}

function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.textContent = moment.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
    time.title = moment.toLocaleString();
  }
}

function children(from, to) {
  let old = from.firstChild;
  for (const fresh of [...to.childNodes]) {
    if (old === null) {
      from.append(noteServed(fresh));
    } else if (alike(old, fresh)) {
      const next = old.nextSibling;
      node(old, fresh);
      old = next;
    } else if (fresh.nodeType === Node.ELEMENT_NODE && laterAlike(old, fresh)) {
      while (!alike(old, fresh)) {
        const next = old.nextSibling;
        old.remove();
        old = next;
      }
      const next = old.nextSibling;
      node(old, fresh);
      old = next;
    } else {
      from.insertBefore(noteServed(fresh), old);
    }
  }
  while (old !== null) {
    const next = old.nextSibling;
    old.remove();
    old = next;
  }
}

function laterAlike(old, fresh) {
  for (let node = old; node !== null; node = node.nextSibling) if (alike(node, fresh)) return true;
  return false;
}

function alike(one, other) {
  if (one.nodeType !== other.nodeType || one.nodeName !== other.nodeName) return false;
  if (one.nodeType !== Node.ELEMENT_NODE) return true;
  const first = (element) => (element.className || "").split(" ").slice(0, 2).join(" ");
  return first(one) === first(other) && one.dataset.blockId === other.dataset.blockId;
}

function node(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) return;
  attributes(old, fresh);
  if (old.nodeName !== "TEXTAREA") children(old, fresh);
}

/** Whether a fold is open is the reader's, until the server changes its mind. */
function attributes(old, fresh) {
  const folds = old.nodeName === "DETAILS";
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(folds && name === "open")) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (!(folds && name === "open") && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (folds) {
    const served = fresh.hasAttribute("open");
    if (old.served !== served) old.open = served;
    old.served = served;
  }
}

function noteServed(fresh) {
  if (fresh.nodeType === Node.ELEMENT_NODE) {
    for (const fold of [fresh, ...fresh.querySelectorAll("details")]) {
      if (fold.nodeName === "DETAILS") fold.served = fold.hasAttribute("open");
    }
  }
  return fresh;
}
