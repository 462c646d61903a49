package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
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

	"cultuurdag/web/webtest"
)

var (
	screenshot  = flag.String("screenshot", "", "write the picture of the student's page that the README shows to this `file`")
	screenshots = flag.String("screenshots", "", "write a picture of every page that the browser test examines to this `folder`")
)

// patience is how long a step of a story may take.
const patience = 30 * time.Second

// demoSite is `cultuurdag demo`, running.
type demoSite struct {
	demoInfo
	t *testing.T
}

// startDemo runs the demo until the test ends, at eight on Monday 30 November
// 2026: enrolment opens on Tuesday at eight and closes on Friday at four.
func startDemo(t *testing.T, students int) *demoSite {
	t.Helper()
	file := filepath.Join(t.TempDir(), "info.json")
	ctx, stop := context.WithCancel(context.Background())
	out, says := io.Pipe()
	var log bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		demo := DemoCommand{Addr: "127.0.0.1:0", Students: students, Seed: 1, Now: "2026-11-30T08:00:00+01:00", Info: file}
		err := demo.Run(ctx, &streams{in: strings.NewReader(""), out: says, err: &log})
		says.CloseWithError(io.EOF)
		ended <- err
	}()
	s := &demoSite{t: t}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error("the demo:", err)
		}
		for _, st := range s.Students {
			if strings.Contains(log.String(), st.Code) {
				t.Error("a login code in the log")
			}
		}
	})
	// What it says comes after the file.
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the demo did not begin: %s", log.String())
	}
	go io.Copy(io.Discard, out)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &s.demoInfo); err != nil {
		t.Fatal(err)
	}
	return s
}

// student returns a client that is signed in as the n-th student, for what
// others do without being looked at.
func (s *demoSite) student(n int) *demoClient {
	s.t.Helper()
	c := &demoClient{s: s}
	c.call(http.MethodPost, "/student/sign-in", map[string]string{"code": s.Students[n].Code}, http.StatusNoContent)
	return c
}

type demoClient struct {
	s      *demoSite
	cookie *http.Cookie
}

// choose takes a seat.
func (c *demoClient) choose(round int, workshop string) {
	c.s.t.Helper()
	c.call(http.MethodPut, fmt.Sprintf("/student/choices/%d", round), map[string]string{"workshop": workshop}, http.StatusOK)
}

// try takes a seat if there is one.
func (c *demoClient) try(round int, workshop string) {
	c.s.t.Helper()
	c.call(http.MethodPut, fmt.Sprintf("/student/choices/%d", round), map[string]string{"workshop": workshop}, http.StatusOK, http.StatusConflict)
}

func (c *demoClient) call(method, path string, body any, want ...int) {
	t := c.s.t
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, c.s.BaseURL+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	if c.cookie != nil {
		request.AddCookie(c.cookie)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for _, cookie := range response.Cookies() {
		c.cookie = cookie
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(want, response.StatusCode) {
		t.Fatalf("%s %s: %s: %s", method, path, response.Status, answer)
	}
}

// phone is somebody's phone: a browser with cookies and a cache of its own,
// 390 pixels wide. What holds for every page is checked when the test ends:
// no request goes to another host, no address has a login code in it, and no
// script fails or is refused by the page's security policy.
type phone struct {
	t      *testing.T
	site   *demoSite
	ctx    context.Context
	close  func()
	script bool // scripts run

	mu       sync.Mutex
	requests []*request
	faults   []string
}

// request is one that the phone made.
type request struct {
	id   network.RequestID
	url  string
	kind network.ResourceType
	size int // bytes that came over the line, headers included; 0: it goes on
}

func newPhone(t *testing.T, browser context.Context, site *demoSite) *phone {
	t.Helper()
	return pickUp(t, browser, site, chromedp.WithNewBrowserContext())
}

// newTab returns another page of the same phone.
func (p *phone) newTab() *phone { return pickUp(p.t, p.ctx, p.site) }

func pickUp(t *testing.T, parent context.Context, site *demoSite, options ...chromedp.ContextOption) *phone {
	t.Helper()
	p := &phone{t: t, site: site, script: true}
	ctx, put := chromedp.NewContext(parent, append(options, chromedp.WithListener(p.listen))...)
	p.ctx, p.close = ctx, sync.OnceFunc(func() {
		p.verify()
		put()
	})
	t.Cleanup(p.close)
	p.do("starting", p.scheme("light"), p.size(390))
	return p
}

// withoutScript turns scripts off, as some do, and as happens where they do
// not arrive.
func (p *phone) withoutScript() *phone {
	p.script = false
	p.do("turning scripts off", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	return p
}

func (p *phone) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, &request{id: e.RequestID, url: e.Request.URL, kind: e.Type})
	case *network.EventLoadingFinished:
		for _, r := range p.requests {
			if r.id == e.RequestID {
				r.size = int(e.EncodedDataLength)
			}
		}
	case *runtime.EventExceptionThrown:
		p.faults = append(p.faults, e.ExceptionDetails.Text)
	case *cdplog.EventEntryAdded:
		// Answers such as 409 are logged as well; these are no faults.
		if e.Entry.Level == cdplog.EntryLevelError && e.Entry.Source != cdplog.EntrySourceNetwork {
			p.faults = append(p.faults, e.Entry.Text)
		}
	}
}

func (p *phone) verify() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, fault := range p.faults {
		p.t.Errorf("in the browser: %s", fault)
	}
	for _, r := range p.requests {
		if !strings.HasPrefix(r.url, p.site.BaseURL+"/") && !strings.HasPrefix(r.url, "data:") {
			p.t.Errorf("a request to another host: %s", r.url)
		}
		plain := strings.ToUpper(strings.ReplaceAll(r.url, "-", ""))
		for _, st := range p.site.Students {
			if strings.Contains(plain, strings.ReplaceAll(st.Code, "-", "")) {
				p.t.Errorf("a login code in an address: %s", r.url)
			}
		}
	}
}

// do takes steps, within patience; what says which.
func (p *phone) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if !p.started() {
		ctx = p.ctx // a tab lives as long as the context of its first step
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v; the page says:\n%s", what, err, p.text())
	}
}

func (p *phone) started() bool { return chromedp.FromContext(p.ctx).Target != nil }

// text returns what is to be read on the page, as well as it can.
func (p *phone) text() string {
	ctx, cancel := context.WithTimeout(p.ctx, time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.title + '\\n' + document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

func command[P, R any](cmd cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cmd, params)
		return err
	})
}

// ask returns the answer to a command.
func ask[P, R any](p *phone, cmd cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	answer, err := chromedp.Call(ctx, cmd, params)
	if err != nil {
		p.t.Fatalf("%s: %v", cmd.Method, err)
	}
	return answer
}

// size makes the phone so wide.
func (p *phone) size(width int64) chromedp.Action[chromedp.Void] {
	return chromedp.EmulateViewport(width, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait, chromedp.EmulateScale(2))
}

// scheme sets light or dark; nothing on the page moves.
func (p *phone) scheme(scheme string) chromedp.Action[chromedp.Void] {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// open goes to a page of the site.
func (p *phone) open(path string) {
	p.t.Helper()
	p.do("opening "+path, chromedp.Navigate(p.site.BaseURL+path), chromedp.WaitReady(chromedp.CSS("#main")))
	p.settle()
}

// weigh opens the student's page with an empty cache, and holds what comes over
// the line to the budget of a student's page.
func (p *phone) weigh(sees string) {
	p.t.Helper()
	p.do("emptying the cache", command(network.ClearBrowserCache, cdp.Empty{}))
	p.mu.Lock()
	p.requests = nil
	p.mu.Unlock()
	p.open("/student")
	p.see(sees)
	p.mu.Lock()
	defer p.mu.Unlock()
	budget := map[network.ResourceType]int{
		network.ResourceTypeDocument: 14 << 10, network.ResourceTypeStylesheet: 6 << 10, network.ResourceTypeScript: 4 << 10,
		network.ResourceTypeEventSource: 1 << 10,
	}
	if len(p.requests) > 4 {
		p.t.Errorf("%d requests, where four are the budget", len(p.requests))
	}
	for _, r := range p.requests {
		p.t.Logf("%s: %d bytes", r.kind, r.size)
		most, known := budget[r.kind]
		if !known || r.size > most {
			p.t.Errorf("%s: %d bytes, where %d are the budget: %s", r.kind, r.size, most, r.url)
		}
	}
}

// settle waits until the page's own scripts have run.
func (p *phone) settle() {
	p.t.Helper()
	if p.script {
		evaluate[bool](p, "document.readyState === 'complete' || new Promise(done => addEventListener('load', () => done(true)))")
	}
}

// leaving takes a step that leads to another page, or to a newer one, and
// waits for that.
func (p *phone) leaving(what string, step chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	p.do(what, chromedp.SetAttributeValue(chromedp.CSS("#main"), "data-old", ""), step,
		chromedp.WaitReady(chromedp.CSS("#main:not([data-old])")))
	p.settle()
}

// follow presses what the CSS selector finds first, and waits for the page
// that comes.
func (p *phone) follow(selector string) {
	p.t.Helper()
	p.leaving("pressing "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// press is follow for the first button or link with that text.
func (p *phone) press(text string) {
	p.t.Helper()
	p.leaving("pressing “"+text+"”", chromedp.Click(fmt.Sprintf(
		`//main//*[self::button or self::a][starts-with(normalize-space(), "%s")]`, text), chromedp.NodeVisible))
}

// clock moves the clock by the bar at the foot of the page.
func (p *phone) clock(to string) {
	p.t.Helper()
	p.leaving("moving the clock to “"+to+"”", chromedp.Click(fmt.Sprintf(
		`//section[@class="demo"]//button[normalize-space()="%s"]`, to), chromedp.NodeVisible))
}

// typing fills in a field.
func (p *phone) typing(id, text string) {
	p.t.Helper()
	p.do("typing in "+id, chromedp.Clear(chromedp.ID(id)), chromedp.SendKeys(chromedp.ID(id), text))
}

// signIn types a code and ends with Enter, as on a phone's keyboard.
func (p *phone) signIn(code string) {
	p.t.Helper()
	p.open("/")
	p.typing("code", code)
	p.leaving("signing in", chromedp.SendKeys(chromedp.ID("code"), "\r"))
}

// staff signs in as somebody of the staff.
func (p *phone) staff(who demoLogin) {
	p.t.Helper()
	p.open("/sign-in")
	p.typing("email", who.Email)
	p.typing("password", who.Password)
	p.leaving("signing in", chromedp.SendKeys(chromedp.ID("password"), "\r"))
}

// see waits until each of the texts stands on the page.
func (p *phone) see(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.do("looking for “"+text+"”", chromedp.WaitReady(fmt.Sprintf(`//main[contains(normalize-space(), "%s")]`, text)))
	}
}

// seeIn waits until the text stands in the element with that id.
func (p *phone) seeIn(id, text string) {
	p.t.Helper()
	p.do("looking for “"+text+"” in "+id, chromedp.WaitReady(fmt.Sprintf(`//*[@id="%s"][contains(normalize-space(), "%s")]`, id, text)))
}

// wait waits until the CSS selector finds something.
func (p *phone) wait(selector string) {
	p.t.Helper()
	p.do("waiting for "+selector, chromedp.WaitReady(chromedp.CSS(selector)))
}

// evaluate returns the value of an expression in the page.
func evaluate[T any](p *phone, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%.80s: %v", expression, err)
	}
	return value
}

// address returns what the address bar shows, without the host.
func (p *phone) address() string {
	p.t.Helper()
	return strings.TrimPrefix(evaluate[string](p, "location.href"), p.site.BaseURL)
}

// download asks for what is not a page, and returns the status and the kind.
func (p *phone) download(path string) string {
	p.t.Helper()
	return evaluate[string](p, fmt.Sprintf("fetch(%q).then(r => r.status + ' ' + r.headers.get('content-type'))", path))
}

// missing reports whether the CSS selector finds nothing.
func (p *phone) missing(selector string) bool {
	p.t.Helper()
	return evaluate[bool](p, fmt.Sprintf("document.querySelector(%q) === null", selector))
}

// card is the id of a workshop in a round.
func card(workshop string, round int) string { return fmt.Sprintf("s-%s-%d", workshop, round) }

// choose takes a seat by its button.
func (p *phone) choose(round int, workshop string) {
	p.t.Helper()
	p.unfold(round)
	p.follow("#" + card(workshop, round) + " button[name=workshop]")
}

// release gives a seat back.
func (p *phone) release(round int, workshop string) {
	p.t.Helper()
	p.unfold(round)
	p.follow("#" + card(workshop, round) + " .act .quiet")
}

// unfold shows the workshops of a round.
func (p *phone) unfold(round int) {
	p.t.Helper()
	if p.missing(fmt.Sprintf("#round-%d[open]", round)) {
		p.do("unfolding", chromedp.Click(chromedp.CSS(fmt.Sprintf("#round-%d>summary", round))))
		p.wait(fmt.Sprintf("#round-%d[open]", round))
	}
}

// violations has axe look at the page, in light by all rules and in dark by
// those of colour, which is all that differs; each violation is one line.
const violations = `axe.run(document, {resultTypes: ["violations"], runOnly: matchMedia("(prefers-color-scheme: dark)").matches
		? {type: "rule", values: ["color-contrast", "link-in-text-block"]}
		: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	.then(({violations}) => violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target + ": " + n.failureSummary.replace(/\s+/g, " "))))`

// small finds what a finger misses: buttons and fields under 48 pixels.
const small = `[...document.querySelectorAll("button, .button, summary, select, textarea, input:not([type=hidden], [type=checkbox], [type=radio])")]
	.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 47.9).map(e => e.textContent.trim() || e.id || e.outerHTML)`

// wide tells what makes the page wider than the phone; nothing where it fits.
const wide = `document.documentElement.scrollWidth <= screen.width ? "" : document.documentElement.scrollWidth + " pixels: " +
	[...document.body.querySelectorAll("*")].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > screen.width)
		.map(e => e.localName + (e.className && "." + (e.className.baseVal ?? e.className))).join(" ")`

// examine checks what holds for every page: axe finds nothing in light nor
// dark, what is to be touched is large enough, and nothing scrolls sideways on
// a narrow phone; on students' pages not with letters twice as large either.
func (p *phone) examine(name string) {
	p.t.Helper()
	if !evaluate[bool](p, `"axe" in window`) {
		p.do("loading axe", chromedp.Evaluate[chromedp.Void](webtest.Axe))
	}
	for _, scheme := range []string{"dark", "light"} {
		p.do(scheme, p.scheme(scheme))
		for _, line := range evaluate[[]string](p, violations) {
			p.t.Errorf("%s, %s: %s", name, scheme, line)
		}
		p.picture(name + "-" + scheme)
	}
	for _, text := range evaluate[[]string](p, small) {
		p.t.Errorf("%s: lower than 48 pixels: %.60s", name, text)
	}
	p.do("a narrow phone", p.size(320))
	if w := evaluate[string](p, wide); w != "" {
		p.t.Errorf("%s: too wide for a phone of 320 pixels: %.300s", name, w)
	}
	p.picture(name + "-320")
	p.do("the phone as it was", p.size(390))
	if !p.missing(".staff-menu") {
		return
	}
	p.do("large letters", chromedp.Evaluate[chromedp.Void]("document.documentElement.style.fontSize = '200%'"))
	if w := evaluate[string](p, wide); w != "" {
		p.t.Errorf("%s: too wide with letters twice as large: %.300s", name, w)
	}
	p.picture(name + "-200")
	p.do("letters as they were", chromedp.Evaluate[chromedp.Void]("document.documentElement.style.fontSize = ''"))
}

// picture writes the whole page to the folder of -screenshots.
func (p *phone) picture(name string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	height := evaluate[float64](p, "document.documentElement.scrollHeight")
	width := evaluate[float64](p, "innerWidth")
	p.write(filepath.Join(*screenshots, strings.ReplaceAll(name, " ", "-")+".png"), p.shoot(width, min(height, 4000)))
}

// shoot returns a picture of the top of the page.
func (p *phone) shoot(width, height float64) []byte {
	p.t.Helper()
	ask(p, page.BringToFront, cdp.Empty{}) // what lies behind is not drawn
	return ask(p, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Clip: &page.Viewport{Width: width, Height: height, Scale: 1}, CaptureBeyondViewport: new(true),
	}).Data
}

func (p *phone) write(file string, data []byte) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
