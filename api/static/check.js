/**
 * The page of the checker: takes a label, a code or a proof file, has it verified (verdict.js) and says what came of it.
 *
 * Keys are kept at first use together with a checkpoint ("seal" in the page's words), in this browser's localStorage. A
 * key that is no longer published as it was, and a log that does not go on from the seal, are said loudly; the kept
 * keys go on to count until a person decides otherwise. Nothing is sent anywhere but to this host: for keys, the newest
 * checkpoint, tiles, and the proof of the code that is looked at.
 */

import { consistencyProof, check, parseEvidence, parseKeys, policyFor, read, sameLog } from "./verdict.js";
import { Invalid, hex, typedCode, verifyCheckpoint } from "./verify.js";

const { lang, host, say: SENTENCES } = JSON.parse(document.getElementById("texts").textContent);
const KEYS = "/.well-known/filiere-keys";
const CHECKPOINT = "/checkpoint";
const PIN = "filiere-pin";
const NBSP = "\u00a0";
const THIN = "\u202f";
const LOCALE = { en: "en-GB", fr: "fr-FR" }[lang];

const utf8 = new TextEncoder();
const at = (id) => document.getElementById(id);

// ---- words ---------------------------------------------------------------------------------------------------------

function element(name, { className, text, ...rest } = {}, ...children) {
  const made = Object.assign(document.createElement(name), rest);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${name}`);
  svg.setAttribute("class", `i ${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** The nodes of a sentence, each figure in a <bdi>: what comes from outside cannot turn the words around it. */
function say(key, values = {}) {
  return SENTENCES[key].split(/(\{[a-z]+\})/).map((part) => {
    const name = /^\{([a-z]+)\}$/.exec(part)?.[1];
    return name === undefined ? part : element("bdi", { text: String(values[name] ?? "") });
  });
}

const plain = (key) => SENTENCES[key];
const whole = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, THIN);
const dateOf = (seconds) => new Date(Number(seconds) * 1000);
const LONG = new Intl.DateTimeFormat(LOCALE, { dateStyle: "long", timeZone: "UTC" });
const day = (date) => LONG.format(date).replace(/^(\d+) /, (_, n) => (lang === "fr" && n === "1" ? "1er" : n) + NBSP);
const dayOf = (text) => day(new Date(`${text}T00:00:00Z`));

function moment(date) {
  return `${day(date)}, ${date.toISOString().slice(11, 16)}${NBSP}UTC`;
}

/** A day where a key is withdrawn from its first second, else the moment. */
const since = (seconds) => (seconds % 86400n === 0n ? day(dateOf(seconds)) : moment(dateOf(seconds)));

/** Grams as kilograms, exactly. */
function kilograms(grams) {
  const rest = String(grams % 1000).padStart(3, "0").replace(/0+$/, "");
  return `${whole(Math.floor(grams / 1000))}${rest && (lang === "fr" ? "," : ".")}${rest}${NBSP}kg`;
}

const grouped = (code) => code.match(/.{1,4}/g).join("-");

// ---- what the host publishes, and what this device kept ------------------------------------------------------------

/** {bytes, kept}: an answer of the host, and when it was kept where it is not of now; null where there is none. */
async function ask(path) {
  try {
    const answer = await fetch(path, { credentials: "omit", cache: "no-store" });
    if (!answer.ok) return null;
    return { bytes: new Uint8Array(await answer.arrayBuffer()), kept: answer.headers.get("x-filiere-kept") };
  } catch {
    return null;
  }
}

async function readTile(path) {
  const found = await ask(`/${path}`);
  if (found) return found.bytes;
  const full = path.includes(".p/") ? await ask(`/${path.split(".p/")[0]}`) : null; // kept only when it was full
  if (!full) throw new Invalid("a tile cannot be had");
  return full.bytes.subarray(0, 32 * Number(path.split(".p/")[1]));
}

async function consistency(old, size) {
  try {
    return await consistencyProof(old, size, readTile);
  } catch (error) {
    if (error instanceof Invalid) return null;
    throw error;
  }
}

function kept() {
  try {
    const pin = JSON.parse(localStorage.getItem(PIN));
    if (!pin) return null;
    return { ...pin, published: parseKeys(utf8.encode(pin.keys)) };
  } catch {
    return null;
  }
}

function keep({ keys, seal, day: since, sealed }) {
  try {
    localStorage.setItem(PIN, JSON.stringify({ keys, seal, day: since, sealed }));
    return true;
  } catch {
    return false;
  }
}

const orNull = async (promised) => {
  try {
    return await promised();
  } catch (error) {
    if (error instanceof Invalid) return null;
    throw error;
  }
};

const signedSeal = (bytes, policy) =>
  orNull(async () => (await verifyCheckpoint(bytes, { ...policy, witnesses: [], quorum: 0 })).checkpoint);

/** The names of keys that are other than they were, and of those that are new or were withdrawn or retired since. */
function compare(before, now) {
  const changed = [];
  const added = [];
  const name = (kind, values) => plain(`keys.name.${kind}`).replace(/\{[a-z]+\}/, Object.values(values)[0] ?? "");
  for (const [number, key] of before.labels) {
    const other = now.labels.get(number);
    if (!other || hex(other.public) !== hex(key.public)) changed.push(name("label", { number }));
    else if (key.withdrawn !== null && (other.withdrawn === null || other.withdrawn > key.withdrawn)) {
      changed.push(name("label", { number })); // a withdrawal is not taken back
    } else if (other.withdrawn !== key.withdrawn || other.last !== key.last) added.push(name("label", { number }));
  }
  for (const number of now.labels.keys()) if (!before.labels.has(number)) added.push(name("label", { number }));
  if (before.host !== now.host) changed.push(name("host", {}));
  if (before.policy) {
    const keysOf = (policy) => new Set((policy?.logKeys ?? []).map(({ key }) => hex(key)));
    const logs = keysOf(now.policy);
    if (before.policy.origin !== now.policy?.origin || [...keysOf(before.policy)].some((key) => !logs.has(key))) {
      changed.push(name("log", {}));
    } else if ([...before.withdrawn].some(([key, since]) => !(now.withdrawn.get(key) <= since))) {
      changed.push(name("log", {}));
    } else if (logs.size > before.policy.logKeys.length || now.withdrawn.size > before.withdrawn.size) {
      added.push(name("log", {}));
    }
    const witnesses = new Map((now.policy?.witnesses ?? []).map((one) => [hex(one.key), one.name]));
    const known = new Set(before.policy.witnesses.map(({ key }) => hex(key)));
    for (const one of before.policy.witnesses) {
      if (witnesses.get(hex(one.key)) !== one.name) changed.push(name("witness", { name: one.name }));
    }
    for (const [key, named] of witnesses) if (!known.has(key)) added.push(name("witness", { name: named }));
  } else if (now.policy) added.push(name("log", {}));
  return { changed, added };
}

/** The kept keys with what was withdrawn or retired of them since. */
function warned(before, now) {
  const labels = new Map(
    [...before.labels].map(([number, key]) => {
      const other = now.labels.get(number);
      if (!other || hex(other.public) !== hex(key.public)) return [number, key];
      const times = [key.withdrawn, other.withdrawn].filter((time) => time !== null);
      const withdrawn = times.length ? times.reduce((a, b) => (a < b ? a : b)) : null;
      return [number, { ...key, withdrawn, last: other.last ?? key.last }];
    }),
  );
  return { ...before, labels, withdrawn: new Map([...now.withdrawn, ...earliest(before.withdrawn, now.withdrawn)]) };
}

/** When each of these was withdrawn, by whichever of the two says so first: a withdrawal is not taken back. */
const earliest = (before, now) =>
  [...before].map(([key, since]) => [key, now.get(key) < since ? now.get(key) : since]);

const state = { keys: null, pin: null, pinned: true, loaded: null, evidence: null, given: null, turn: 0, prepared: false };

/** Loads keys and checkpoint, holds them against what was kept, keeps them at first use, and says what is odd. */
async function prepare() {
  const [told, seal] = await Promise.all([ask(KEYS), ask(CHECKPOINT)]);
  at("alerts").replaceChildren();
  const pin = kept();
  const now = told && (await orNull(async () => parseKeys(told.bytes)));
  state.loaded = told?.kept ?? null;
  at("offline").hidden = Boolean(told && !told.kept);
  if (!now && !pin) return nothing();
  const text = told && new TextDecoder().decode(told.bytes);
  const today = new Date().toISOString().slice(0, 10);
  if (!pin) {
    state.keys = now;
    state.pin = { keys: text, seal: null, day: today, sealed: null, published: now };
    state.pinned = keep(state.pin);
  } else {
    state.pin = pin;
    state.keys = now ?? pin.published;
    const { changed, added } = now ? compare(pin.published, now) : { changed: [], added: [] };
    const accept = () => {
      keep({ ...pin, keys: text, day: today, ...(changed.length ? { seal: null, sealed: null } : {}) });
      return prepare().then(again);
    };
    if (changed.length) {
      state.keys = warned(pin.published, now);
      alert("cross", "keys.changed", { day: dayOf(pin.day), names: changed.join(", "), host }, "keys.accept", accept);
    } else if (added.length) {
      alert("alert", "keys.added", { day: dayOf(pin.day), names: added.join(", "), host }, "keys.noted", accept);
    }
  }
  if (seal) await compareSeals(seal.bytes, today);
  state.prepared = true;
  showKeys();
}

/** Keeps the newest checkpoint if it goes on from the one kept. */
async function compareSeals(bytes, today) {
  const { policy } = state.keys;
  if (!policy) return;
  const now = await signedSeal(bytes, policy);
  if (!now) return alert("cross", "seal.unsigned", { host });
  const text = new TextDecoder().decode(bytes);
  const before = state.pin.seal && (await signedSeal(utf8.encode(state.pin.seal), policy));
  if (before) {
    const goesOn = await sameLog(before, now, consistency);
    if (goesOn === false) {
      return alert("cross", "seal.forked", { day: dayOf(state.pin.sealed), size: whole(before.size), host });
    }
    if (goesOn === null || now.size <= before.size) return;
  }
  state.pin = { ...state.pin, seal: text, sealed: today };
  keep(state.pin);
}

function nothing() {
  state.keys = null;
  at("alerts").append(alertBox("alert", say("keys.none", { host })));
}

function alertBox(shape, title, ...rest) {
  const heading = element("h2", {}, icon(shape), element("span", {}, ...title));
  return element("div", { className: shape === "cross" ? "notice" : "notice mild" }, heading, ...rest);
}

function alert(shape, key, values, button, act) {
  const parts = [element("p", {}, ...say(`${key}.why`, values))];
  if (button) parts.push(element("button", { type: "button", text: plain(button), onclick: act }));
  at("alerts").append(alertBox(shape, say(key, values), ...parts));
}

// ---- the answer ----------------------------------------------------------------------------------------------------

const LOOK = {
  sound: ["issued", "clock"],
  proven: ["issued", "clock"],
  typed: ["unknown", "ask"],
  mistyped: ["unknown", "what"],
  malformed: ["unknown", "what"],
  unsigned: ["stop", "cross"],
  unknown_key: ["stop", "cross"],
  "unknown_key.old": ["look", "alert"],
  not_proven: ["stop", "cross"],
  forked: ["stop", "cross"],
  withdrawn: ["look", "alert"],
  withdrawn_before: ["stop", "bar"],
  other_host: ["look", "alert"],
  retired: ["look", "alert"],
  unwitnessed: ["look", "alert"],
};
/** Verdicts that leave room for a look at the live page. What carries a wrong signature or proof may bear the code of
 * another's label, whose page is in order: nobody is sent there. */
const LIVE = ["sound", "proven", "typed", "withdrawn", "retired", "unwitnessed"];
const MARKS = { passed: "tick", failed: "cross", not_applicable: "none", not_checked: "ask" };

const NOTHING = { label: null, code: null, host: null, mistyped: false, strange: false };

/** Checks what is held now; what was begun before and comes later is dropped. */
async function again() {
  if (!state.keys || (!state.given && !state.evidence)) return;
  const turn = ++state.turn;
  const given = { ...(state.given ?? NOTHING), ...state.evidence };
  const options = { kept: state.pin?.seal ? utf8.encode(state.pin.seal) : null, consistency };
  let report = await check(given, state.keys, options);
  if (turn !== state.turn) return;
  show(report, given);
  const wanted = report.code !== null && !state.evidence && ["sound", "withdrawn", "typed"].includes(report.verdict);
  if (!wanted || !state.prepared || !state.keys.policy) return;
  const found = await ask(`/l/${report.code}/proof`);
  const evidence = found && (await orNull(async () => parseEvidence(found.bytes)));
  if (!evidence || turn !== state.turn) return;
  report = await check({ ...given, evidence }, state.keys, options);
  if (turn === state.turn) show(report, { ...given, evidence });
}

function values(report, given) {
  const { label, key, logged } = report;
  const asked = key ?? {};
  return {
    host,
    other: given.host ?? "",
    key: key?.number ?? report.named ?? "",
    since: typeof asked.withdrawn === "bigint" ? since(asked.withdrawn) : "",
    last: asked.last ? dayOf(asked.last) : "",
    packed: label ? dayOf(label.packed) : "",
    day: state.loaded ? day(new Date(state.loaded)) : dayOf(state.pin.day),
    kept: state.pin.seal ? whole(state.pin.seal.split("\n")[1]) : "",
    origin: policyFor(state.keys, given.evidence)?.origin ?? "",
    index: logged ? whole(logged.index) : "",
    size: logged ? whole(logged.size) : "",
    names: logged ? logged.seen.map(([name, time]) => `${name} (${moment(dateOf(time))})`).join(", ") : "",
  };
}

function show(report, given) {
  report.named = given.label === null ? null : keyNumber(given.label);
  const said = values(report, given);
  const fresh = state.prepared && state.loaded === null && at("offline").hidden;
  const stale = report.verdict === "unknown_key" && !fresh;
  const verdict = stale ? "unknown_key.old" : report.verdict;
  const [tone, shape] = LOOK[verdict];
  document.body.className = tone;
  at("intro").hidden = true;

  const why = verdict === "other_host" && given.label === null ? "other_host.code" : verdict;
  const words = element("div", {}, element("p", {}, ...say(`why.${why}`, said)));
  const live = report.code && LIVE.includes(verdict) ? liveAt(report.code) : null;
  if (live) words.append(live);
  const heading = element("h1"); // may be broken after a colon or comma, and rather there than elsewhere
  for (const part of plain(`word.${verdict}`).match(/.+?[:,](?= )|.+/g)) {
    heading.append(element("span", { text: part.trim() }), " ");
  }
  at("verdict").replaceChildren(icon(shape), heading, words);
  at("verdict").hidden = false;

  showSaid(report, said);
  at("checked").lastElementChild.replaceChildren(...report.checks.map((one) => checked(one, said)));
  at("checked").hidden = false;
  document.title = `${plain(`word.${verdict}`)} \u00b7 ${host}`;
}

/** The number of the key that 132 characters name, though nobody signed them; null where they name none. */
function keyNumber(text) {
  const place = (character) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ".indexOf(character);
  const bits = [...text.slice(0, 5)].reduce((sum, character) => sum * 32 + Math.max(0, place(character)), 0);
  return (bits >> 1) & 65535;
}

function liveAt(code) {
  const path = `/l/${code}?lang=${lang}`;
  const online = at("offline").hidden;
  if (online) return element("a", { className: "go", href: path, text: plain("live") });
  return element("p", { className: "s" }, ...say("live.offline", { address: `${location.host}/l/${code}` }));
}

function row(term, ...value) {
  return element("div", {}, element("dt", { text: plain(term) }), element("dd", {}, ...value));
}

function showSaid({ verdict, label, key, code, logged }, said) {
  const rows = [];
  const missing = () => element("span", { className: "s", text: plain("not_stated") });
  if (label) {
    const net = element("span", { className: "big" }, element("bdi", { text: kilograms(label.netGrams) }));
    rows.push(row("net", label.netGrams ? net : missing()));
    rows.push(row("packed", said.packed));
    const name = state.keys.commodities.get(label.commodity);
    const named = name?.get(lang) ?? name?.get("en");
    const number = say("commodity.number", { number: label.commodity });
    rows.push(row("commodity", ...(named ? [element("bdi", { text: named })] : label.commodity ? number : [missing()])));
    const kind = key.withdrawn !== null ? "withdrawn" : key.last ? "retired" : "good";
    rows.push(row("key", ...say(`key.${kind}`, { ...said, number: key.number })));
  }
  if (code && (label || LIVE.includes(verdict))) rows.push(row("code", element("bdi", { className: "c", dir: "ltr", text: grouped(label ? typedCode(code) : code) })));
  if (logged) {
    const at_ = logged.at === null ? "in_log.plain" : "in_log.by";
    rows.push(row("in_log", ...say(at_, { ...said, at: logged.at === null ? "" : moment(dateOf(logged.at)) })));
    const seen = logged.seen.map(([name]) => name);
    const counted = seen.length > 1 ? "many" : seen.length ? "one" : "none";
    rows.push(row("seen", ...say(`seen.${counted}`, { n: whole(seen.length), names: seen.join(", ") })));
  }
  at("said").lastElementChild.replaceChildren(...rows);
  at("said").hidden = rows.length === 0;
}

function checked({ number, code, answer, why }, said) {
  const title = element("h3", {}, `${number}. ${plain(`what.${code}`)}`);
  const line = element("div", { className: "w" }, title, " ", element("span", { text: plain(`answer.${answer}`) }));
  const item = element("li", { className: answer }, icon(MARKS[answer]), line);
  const key = [`said.${code}.${why}`, `said.${code}.${answer}`].find((one) => one in SENTENCES);
  if (key) item.append(element("p", { className: "s" }, ...say(key, said)));
  return item;
}

function showKeys() {
  const { keys, pin } = state;
  const numbers = [...keys.labels.values()].map(({ number }) => number).sort((a, b) => a - b);
  const loaded = state.loaded ? moment(new Date(state.loaded)) : at("offline").hidden ? plain("keys.now") : dayOf(pin.day);
  const size = pin.seal ? whole(pin.seal.split("\n")[1]) : null;
  const seal = size ? [...say("keys.seal.said", { size }), `, ${dayOf(pin.sealed)}`] : [plain("keys.no_seal")];
  const bdi = (text) => element("bdi", { dir: "ltr", text });
  at("keys").lastElementChild.replaceChildren(
    row("keys.since", state.pinned ? dayOf(pin.day) : plain("keys.not_kept")),
    row("keys.loaded", loaded),
    row("keys.labels", bdi(numbers.join(", "))),
    row("keys.log", keys.policy ? bdi(keys.policy.origin) : plain("keys.no_log")),
    row("keys.seal", ...seal),
  );
  at("keys").hidden = false;
}

// ---- what people do ------------------------------------------------------------------------------------------------

function take(text) {
  state.given = text.trim() === "" ? null : read(text);
  return again();
}

/** What the address of this page asks for: after the #, or, without network, in the place of a label's page. */
function asked() {
  if (location.hash.length > 1) {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return location.hash.slice(1);
    }
  }
  const typed = new URLSearchParams(location.search).get("code");
  const found = /^\/l\/([^/]+)$/i.exec(location.pathname);
  return typed ?? (found ? decodeURIComponent(found[1]) : null);
}

async function chosen() {
  const [file] = at("file").files;
  state.evidence = null;
  at("drop").hidden = !file;
  if (file) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const evidence = await orNull(async () => parseEvidence(bytes));
    state.evidence = evidence ? { evidence } : { strangeEvidence: true };
  }
  return again();
}

async function mayScan() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return false;
  try {
    return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
  } catch {
    return false;
  }
}

let stream = null;

function stopCamera() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  at("video").srcObject = null;
  at("view").hidden = true;
  at("camera").textContent = plain("camera.start");
}

async function scan() {
  if (stream) return stopCamera();
  at("view").hidden = false;
  at("seeking").textContent = plain("camera.seeking");
  try {
    const wanted = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
  } catch {
    at("seeking").textContent = plain("camera.refused");
    return;
  }
  at("camera").textContent = plain("camera.stop");
  at("video").srcObject = stream;
  await at("video").play();
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  while (stream) {
    const [found] = await detector.detect(at("video")).catch(() => []);
    if (found) {
      stopCamera();
      at("code").value = found.rawValue;
      await take(found.rawValue);
      at("verdict").scrollIntoView({ block: "nearest" });
      return;
    }
    await new Promise((next) => setTimeout(next, 150));
  }
}

async function begin() {
  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    take(at("code").value).then(() => at("verdict").scrollIntoView({ block: "nearest" }));
  });
  at("file").addEventListener("change", chosen);
  at("drop").addEventListener("click", () => {
    at("file").value = "";
    return chosen();
  });
  at("camera").addEventListener("click", scan);
  const fromAddress = () => {
    const text = asked();
    if (text === null) return;
    at("code").value = text;
    return take(text);
  };
  window.addEventListener("hashchange", fromAddress);
  window.addEventListener("offline", () => (at("offline").hidden = false));
  window.addEventListener("online", () => prepare().then(again));
  at("proof").hidden = false;
  mayScan().then((can) => (at("camera").hidden = !can));
  navigator.serviceWorker?.register("/sw.js").catch(() => {}); // private windows have none: the page works without
  const pin = kept();
  if (pin) {
    // What was kept answers at once, however long the network takes.
    Object.assign(state, { pin, keys: pin.published });
    fromAddress();
  }
  await prepare();
  await (state.given || state.evidence ? again() : fromAddress());
  document.documentElement.dataset.ready = "yes";
}

begin();
