// Package webtest is test support: a Chromium, and axe to look at pages with.
package webtest

import (
	"context"
	_ "embed"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// Axe is the script that checks a page's accessibility
// (github.com/dequelabs/axe-core 4.14.1).
//
//go:embed axe/axe.min.js
var Axe string

// Chromium starts a Chromium with a profile of its own and returns its first
// tab, which ends with the test. A machine that has none fails the test.
func Chromium(t testing.TB, options ...chromedp.ContextOption) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Fatal("this test needs Chromium, which is not there: deploy/test installs it")
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // root in a container has none
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("accept-lang", "nl-NL,nl"),
	)...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator, options...)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}
