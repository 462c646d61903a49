package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"filippo.io/age"
	"filippo.io/age/armor"

	"cultuurdag/web/webtest"
)

var listPictures = flag.String("list-pictures", "", "write pictures of the pages of a class list to this `folder`")

// received is a request as the server got it.
type received struct {
	method, uri string
	header      http.Header
	body        []byte
}

// recorder stands before the application and keeps every byte that arrives.
type recorder struct {
	*httptest.Server
	mu  sync.Mutex
	all []received
}

func newRecorder(t *testing.T, next http.Handler) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.all = append(r.all, received{req.Method, req.RequestURI, req.Header.Clone(), body})
		r.mu.Unlock()
		req.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, req)
	}))
	t.Cleanup(r.Server.Close)
	return r
}

// uploads are the bodies that were handed in as class lists.
func (r *recorder) uploads() (bodies [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, req := range r.all {
		if req.method == http.MethodPost && strings.Contains(req.uri, "/class-lists") && !strings.Contains(req.uri, "draft=") {
			bodies = append(bodies, req.body)
		}
	}
	return bodies
}

// tab is a page of Chromium that notes what leaves it.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu     sync.Mutex
	sent   []sentRequest
	faults []string
}

type sentRequest struct {
	id   network.RequestID
	url  string
	text string // headers and whatever body the event brought
	body bool
}

const tabPatience = 20 * time.Second

func newTab(t *testing.T, base string) *tab {
	t.Helper()
	b := &tab{t: t, base: base}
	b.ctx = webtest.Chromium(t, chromedp.WithListener(b.listen))
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		text := fmt.Sprintf("%s %v\n", e.Request.URL, e.Request.Headers)
		for _, entry := range e.Request.PostDataEntries {
			text += string(entry.Bytes)
		}
		b.sent = append(b.sent, sentRequest{e.RequestID, e.Request.URL, text, e.Request.HasPostData})
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, e.ExceptionDetails.Text)
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError && e.Entry.Source != cdplog.EntrySourceNetwork {
			b.faults = append(b.faults, e.Entry.Text)
		}
	}
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, tabPatience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v; the page says:\n%s", what, err, evaluate[string](b, "document.title + '\\n' + document.body.innerText"))
	}
}

func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, tabPatience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%.80s: %v", expression, err)
	}
	return value
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.do("opening "+path, chromedp.Navigate(b.base+path), chromedp.WaitReady(chromedp.CSS("#main")))
}

// leaving takes a step after which another page is there.
func (b *tab) leaving(what string, step chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.do(what, chromedp.SetAttributeValue(chromedp.CSS("#main"), "data-old", ""), step,
		chromedp.WaitReady(chromedp.CSS("#main:not([data-old])")))
}

func (b *tab) press(selector string) {
	b.t.Helper()
	b.leaving("pressing "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

func (b *tab) see(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		b.do("looking for “"+text+"”", chromedp.WaitReady(fmt.Sprintf(`//main[contains(normalize-space(), "%s")]`, text)))
	}
}

func (b *tab) choose(file string) {
	b.t.Helper()
	b.do("choosing a file", chromedp.SetUploadFiles(chromedp.CSS("#list"), []string{file}))
}

// violations has axe look at the page; each is one line.
const violations = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]}).then(({violations}) =>
	violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target + ": " + n.failureSummary.replace(/\s+/g, " "))).join("\n"))`

// examine looks at the page as a phone and as a laptop show it, light and dark:
// axe finds nothing, and nothing scrolls sideways. Pictures go to the folder of
// -list-pictures.
func (b *tab) examine(name string) {
	b.t.Helper()
	if !evaluate[bool](b, `"axe" in window`) {
		b.do("loading axe", chromedp.Evaluate[chromedp.Void](webtest.Axe))
	}
	for _, look := range []struct {
		width  int64
		scheme string
	}{{390, "dark"}, {390, "light"}, {1280, "light"}} {
		b.do("resizing", chromedp.EmulateViewport(look.width, 800), command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: look.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}))
		if found := evaluate[string](b, violations); found != "" {
			b.t.Errorf("%s, %s, %d: %s", name, look.scheme, look.width, found)
		}
		if wide := evaluate[int64](b, "document.documentElement.scrollWidth"); wide > look.width {
			b.t.Errorf("%s is %d pixels wide on a screen of %d", name, wide, look.width)
		}
		b.picture(fmt.Sprintf("%s-%d-%s.png", name, look.width, look.scheme))
	}
}

func (b *tab) picture(name string) {
	b.t.Helper()
	if *listPictures == "" {
		return
	}
	answer, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Clip: &page.Viewport{
			Width: evaluate[float64](b, "innerWidth"), Height: evaluate[float64](b, "document.documentElement.scrollHeight"), Scale: 1,
		}, CaptureBeyondViewport: new(true),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*listPictures, name), answer.Data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func command[P, R any](cmd cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, cmd, params)
		return err
	})
}

// spellings are the ways in which a word may stand in a request.
func spellings(t *testing.T, word string) map[string]string {
	t.Helper()
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(word)
	if err != nil {
		t.Fatal(err)
	}
	ways := map[string]string{
		"UTF-8": word, "UTF-16": utf16, "escaped": url.QueryEscape(word), "escaped in a path": url.PathEscape(word), "hexadecimal": hex.EncodeToString([]byte(word)),
	}
	if ansi, err := charmap.Windows1252.NewEncoder().String(word); err == nil {
		ways["Windows-1252"] = ansi
	}
	for i := range 3 { // of three places, the characters that do not depend on what stands around it
		coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + word))
		ways[fmt.Sprintf("base64 %d", i)] = coded[(i*8+5)/6 : (i+len(word))*8/6]
	}
	return ways
}

// A contact hands in a list as it came from the school's system. Nothing of it
// leaves the browser but the age file, and what that holds is what is stored.
func TestNoPlaintextLeavesThePage(t *testing.T) {
	s := newSite(t)
	s.contact(t)
	record := newRecorder(t, s.Server.Config.Handler)
	b := newTab(t, record.URL)

	list := "Stamnr;Roepnaam;Tussenvoegsel;Achternaam;Klas;Geboortedatum;BSN\r\n"
	secrets := []string{"Stamnr;Roepnaam", "Geboortedatum", "Klassen van Zebedeus", "Zebedeus"}
	for i := range 300 {
		number, last := fmt.Sprintf("99%04d", i), fmt.Sprintf("Uniekeman%03d", i)
		list += fmt.Sprintf("%s;Zoë;van der;%s;2%c;12-03-2013;1234%05d\r\n", number, last, 'A'+i/30, i)
		secrets = append(secrets, number, last, fmt.Sprintf("1234%05d", i))
	}
	secrets = append(secrets, "Zoë;van der")
	ansi, err := charmap.Windows1252.NewEncoder().String(list)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "Klassen van Zebedeus.csv")
	if err := os.WriteFile(file, []byte(ansi), 0o600); err != nil {
		t.Fatal(err)
	}

	b.open(s.path("/events/EVENT/class-lists"))
	b.do("signing in", chromedp.SendKeys(chromedp.CSS("#email"), "contact@example.org"), chromedp.SendKeys(chromedp.CSS("#password"), password))
	b.press("main form button")
	b.see("Kies de klassenlijst zoals u die heeft")
	if evaluate[bool](b, `document.getElementById("own-form").checkVisibility() || document.getElementById("own").open`) {
		t.Error("the form for those without scripts is there as well")
	}
	b.examine("choose")

	// Nothing chosen: said, and nothing sent.
	b.do("pressing", chromedp.Click(chromedp.CSS("#hand-in button"), chromedp.NodeVisible), chromedp.WaitVisible(chromedp.CSS("#list-error")))
	if got := evaluate[string](b, `document.activeElement.id + " " + document.title`); !strings.HasPrefix(got, "list Fout: ") {
		t.Errorf("focus and title: %s", got)
	}
	b.examine("missing")

	// What is told meanwhile outlives the page in the tab's own storage.
	b.do("watching", chromedp.Evaluate[chromedp.Void](`new MutationObserver(() => {
		const bar = document.querySelector(".doing progress")
		sessionStorage.told = (sessionStorage.told || "") + document.querySelector(".doing p").textContent + (bar.hasAttribute("value") ? bar.value : "") + "|"
	}).observe(document.querySelector(".doing"), {subtree: true, childList: true, attributes: true, characterData: true})`))
	b.choose(file)
	b.press("#hand-in button")
	b.see("Er is nog niets opgeslagen", "Zoë van der Uniekeman000", "300 nieuwe leerlingen", "Vanzelf: Windows", "2J")
	told := evaluate[string](b, "sessionStorage.told")
	at := 0
	for _, text := range []string{"wordt versleuteld", "wordt verstuurd.0", "wordt verstuurd.100", "wordt gelezen"} {
		i := strings.Index(told[at:], text)
		if i < 0 {
			t.Fatalf("it was not told that the list %s: %s", text, told)
		}
		at += i
	}
	if got := s.byNumber(t); len(got) != 6 {
		t.Errorf("%d students before anything was saved", len(got))
	}
	b.examine("preview")

	// Going back and coming again loses nothing.
	b.leaving("going back", chromedp.NavigateBack())
	b.see("Er staat een lijst klaar")
	b.examine("waiting")
	b.press(".waiting a")
	b.do("unfolding", chromedp.Click(chromedp.CSS("details:has(.choices) summary"), chromedp.NodeVisible))
	b.do("reading the letters otherwise", chromedp.SetValue(chromedp.CSS("#encoding"), "MacRoman"))
	b.press(".pick button")
	b.see("Lees de letters als")
	if evaluate[bool](b, `document.body.innerText.includes("Zoë")`) {
		t.Error("another encoding changed nothing")
	}
	b.do("and as before", chromedp.SetValue(chromedp.CSS("#encoding"), ""))
	b.press(".pick button")
	b.see("Zoë van der Uniekeman000")
	b.press(".save button")
	b.see("De lijst is opgeslagen")
	b.examine("saved")
	stored := s.byNumber(t)
	if st := stored["990299"]; len(stored) != 306 || st.Name() != "Zoë van der Uniekeman299" || st.Class != "2J" {
		t.Errorf("%d stored, the last %+v", len(stored), st)
	}

	// What arrived is an age file that holds the very file.
	uploads := record.uploads()
	if len(uploads) != 1 {
		t.Fatalf("%d uploads", len(uploads))
	}
	if !bytes.HasPrefix(uploads[0], []byte("age-encryption.org/v1\n-> X25519 ")) {
		t.Errorf("what arrived begins with %q", uploads[0][:min(40, len(uploads[0]))])
	}
	opened, err := s.Store.OpenList(t.Context(), s.event.ID, bytes.NewReader(uploads[0]), maxList)
	if err != nil || string(opened) != ansi {
		t.Errorf("it holds another file: %v", err)
	}

	// And not one byte of plaintext is in anything that was ever sent.
	b.quiet(secrets)
	for _, req := range record.all {
		for _, secret := range secrets {
			for way, text := range spellings(t, secret) {
				if strings.Contains(req.uri, text) || bytes.Contains(req.body, []byte(text)) || strings.Contains(fmt.Sprint(req.header), text) {
					t.Fatalf("%s %s brought %s in %s", req.method, req.uri, secret, way)
				}
			}
		}
	}
}

// quiet checks all that left the page by what the browser itself says: every
// request went to the site, and none had a word of the secrets in it.
func (b *tab) quiet(secrets []string) {
	b.t.Helper()
	b.mu.Lock()
	sent, faults := slices.Clone(b.sent), slices.Clone(b.faults)
	b.mu.Unlock()
	bodies := 0
	var all strings.Builder
	for _, r := range sent {
		if !strings.HasPrefix(r.url, b.base+"/") {
			b.t.Errorf("a request to another host: %s", r.url)
		}
		all.WriteString(r.text)
		if r.body {
			bodies++
			// The body of a page that was left is not kept; the event brought it then.
			if data, err := chromedp.Call(b.ctx, network.GetRequestPostData, network.GetRequestPostDataParams{RequestID: r.id}); err == nil {
				all.Write(data.PostData)
			}
		}
	}
	if bodies < 3 || !strings.Contains(all.String(), "age-encryption.org/v1") || !strings.Contains(all.String(), "password=") {
		b.t.Errorf("the browser told of %d bodies: sign-in, upload and saving should be there", bodies)
	}
	for _, secret := range secrets {
		for way, text := range spellings(b.t, secret) {
			if strings.Contains(all.String(), text) {
				b.t.Fatalf("%s left the page in %s", secret, way)
			}
		}
	}
	for _, fault := range faults {
		b.t.Errorf("in the browser: %s", fault)
	}
}

// Who encrypted it already hands in the age file, which goes as it is; what is
// wrong with a file is said on the page.
func TestAgeFilesGoAsTheyAre(t *testing.T) {
	s := newSite(t)
	s.contact(t)
	record := newRecorder(t, s.Server.Config.Handler)
	b := newTab(t, record.URL)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	b.open(s.path("/events/EVENT/class-lists"))
	b.do("signing in", chromedp.SendKeys(chromedp.CSS("#email"), "contact@example.org"), chromedp.SendKeys(chromedp.CSS("#password"), password))
	b.press("main form button")

	b.choose(write("groot.csv", bytes.Repeat([]byte("x"), 5<<20+1)))
	b.do("pressing", chromedp.Click(chromedp.CSS("#hand-in button"), chromedp.NodeVisible))
	b.see("Het bestand is te groot")
	if n := len(record.uploads()); n != 0 {
		t.Fatalf("%d were sent", n)
	}

	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	own := s.event.Recipient
	s.event.Recipient = stranger.Recipient().String()
	b.choose(write("vreemd.age", s.encrypted(t, goodList)))
	s.event.Recipient = own
	b.do("pressing", chromedp.Click(chromedp.CSS("#hand-in button"), chromedp.NodeVisible), chromedp.WaitVisible(chromedp.CSS("#refused")))
	if got := evaluate[string](b, `document.activeElement.id + document.querySelector("#refused h2").innerText.trim()`); !strings.HasPrefix(got, "refused") || len(got) < 15 {
		t.Errorf("focus and title of what was refused: %q", got)
	}
	b.examine("refused")

	var armored bytes.Buffer
	w := armor.NewWriter(&armored)
	if _, err := w.Write(s.encrypted(t, faultyList)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b.choose(write("klassen.age", armored.Bytes()))
	b.press("#hand-in button")
	b.see("dingen om te verbeteren", "Kies zelf de kolommen")
	b.examine("faults")
	if uploads := record.uploads(); len(uploads) != 2 || !bytes.Equal(uploads[1], armored.Bytes()) {
		t.Errorf("%d uploads, the last one not as it was", len(uploads))
	}

	// Without scripts there is the form for age files.
	b.do("turning scripts off", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.open(s.path("/events/EVENT/class-lists"))
	b.do("choosing a file", chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{write("goed.age", s.encrypted(t, goodList))}))
	b.picture("no-script.png")
	b.press("#own-form button")
	b.see("Er is nog niets opgeslagen", "2 nieuwe leerlingen", "6 leerlingen staan niet op deze lijst")
}
