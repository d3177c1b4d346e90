/**
 * Keeps the checker for use without network, and answers for a label's page when the network does not.
 *
 * Of this release: the checker and its modules, all of one version, from the cache first; a new release brings a new
 * worker, which fetches all of them anew before it takes over. Of the host: keys and checkpoint, from the network first,
 * the last answer kept with its time in x-filiere-kept. Everything else, and all of /v1, is none of its business.
 */

const VERSION = "@@VERSION@@";
const SHELL = `filiere-check-${VERSION}`;
const DATA = "filiere-data";
const PAGES = { en: "/check?lang=en", fr: "/check?lang=fr" };
const MODULES = ["/check/check.js", "/check/verdict.js", "/check/verify.js"];
const FRESH = ["/.well-known/filiere-keys", "/checkpoint"];
const PATIENCE = 5000;
const PAGE_PATIENCE = 12000;

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

async function install() {
  const shell = await caches.open(SHELL);
  await shell.addAll([...Object.values(PAGES), ...MODULES].map((path) => new Request(path, { cache: "reload" })));
  await Promise.allSettled(FRESH.map((path) => fetchFresh(path)));
  await self.skipWaiting();
}

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("filiere-check-") && name !== SHELL);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (MODULES.includes(url.pathname)) event.respondWith(kept(url.pathname, request));
  else if (FRESH.includes(url.pathname)) event.respondWith(fresh(url.pathname));
  else if (request.mode !== "navigate") return;
  else if (url.pathname === "/check") {
    event.waitUntil(self.registration.update().catch(() => {}));
    event.respondWith(kept(pageOf(url), request));
  } else if (/^\/l\/([^/]*)$/i.test(url.pathname) && !/\.json$/i.test(url.pathname) && named(url)) {
    event.respondWith(label(request, url));
  }
});

/** Whether the address names a label or a code, or asks for one by its form. */
const named = (url) => url.pathname.length > 3 || url.searchParams.has("code");

function pageOf(url) {
  const asked = url.searchParams.get("lang") ?? self.navigator.language;
  return asked.toLowerCase().startsWith("fr") ? PAGES.fr : PAGES.en;
}

async function kept(path, request) {
  const shell = await caches.open(SHELL);
  return (await shell.match(path, { ignoreVary: true })) ?? fetch(request);
}

/** The live page; without an answer, the checker in its place. */
async function label(request, url) {
  try {
    return await inTime(fetch(request), PAGE_PATIENCE);
  } catch {
    const shell = await caches.open(SHELL);
    return (await shell.match(pageOf(url), { ignoreVary: true })) ?? Response.error();
  }
}

async function fresh(path) {
  try {
    return await inTime(fetchFresh(path), PATIENCE);
  } catch {
    const data = await caches.open(DATA);
    return (await data.match(path)) ?? Response.error();
  }
}

/** The host's answer; a good one is kept with the time. */
async function fetchFresh(path) {
  const answer = await fetch(path, { credentials: "omit", cache: "no-cache" });
  if (answer.ok) {
    const headers = new Headers(answer.headers);
    headers.set("x-filiere-kept", new Date().toISOString());
    const copy = new Response(await answer.clone().arrayBuffer(), { headers });
    await (await caches.open(DATA)).put(path, copy);
  }
  return answer;
}

function inTime(promised, milliseconds) {
  const late = new Promise((_, refuse) => setTimeout(() => refuse(new Error("late")), milliseconds));
  return Promise.race([promised, late]);
}
