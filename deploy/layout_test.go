package deploy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "cultuurdag"

// order is the line of the folders: a package imports only to its left, or
// from its own folder. The tests of deploy stand at the very right.
var order = []string{"crypto", "enroll", "scheduler", "web", "cmd", "deploy"}

// What a package must know nothing of: the package named and all below it.
var (
	redisPackages = []string{"github.com/redis/go-redis/", "github.com/hibiken/asynq/", "github.com/alicebob/miniredis/"}
	httpPackages  = []string{"net/http/", "github.com/gin-gonic/"}
	asynqPackages = []string{"github.com/hibiken/asynq/"}
)

var knowsNothingOf = map[string][]string{
	"crypto":             slices.Concat(redisPackages, httpPackages),
	"enroll/classlist":   slices.Concat(redisPackages, httpPackages),
	"enroll/store":       slices.Concat(httpPackages, asynqPackages),
	"scheduler":          slices.Concat(redisPackages, httpPackages, []string{"cultuurdag/scheduler/", "cultuurdag/enroll/store/"}),
	"scheduler/overview": slices.Concat(redisPackages, httpPackages, []string{"cultuurdag/enroll/store/"}),
	"scheduler/jobs":     httpPackages,
	"scheduler/purge":    httpPackages,
	"web":                asynqPackages,
}

// goPackage is what the tests look at of what `go list -json` tells.
type goPackage struct {
	ImportPath                         string
	Dir                                string
	Imports, TestImports, XTestImports []string
	TestGoFiles, XTestGoFiles          []string
}

func TestAPackageImportsOnlyToItsLeft(t *testing.T) {
	packages := listPackages(t)
	imports := 0
	for _, p := range packages {
		imports += len(p.Imports)
		for _, fault := range importFaults(p) {
			t.Error(fault)
		}
	}
	if imports < 100 {
		t.Errorf("go list tells of %d imports alone", imports)
	}
	for name := range knowsNothingOf {
		if !slices.ContainsFunc(packages, func(p goPackage) bool { return p.ImportPath == module+"/"+name }) {
			t.Errorf("there is no package %s any more: say in knowsNothingOf where it went", name)
		}
	}
}

func TestImportFaultsAreSeen(t *testing.T) {
	tests := []struct {
		p    goPackage
		want string // "" for none
	}{
		{goPackage{ImportPath: "cultuurdag/web", Imports: []string{"cultuurdag/scheduler/jobs", "net/http", "github.com/gin-gonic/gin"}}, ""},
		{goPackage{ImportPath: "cultuurdag/enroll/store", Imports: []string{"cultuurdag/enroll", "github.com/redis/go-redis/v9"}}, ""},
		{goPackage{ImportPath: "cultuurdag/enroll", Imports: []string{"time/tzdata"}, TestImports: []string{"cultuurdag/enroll/enrolltest"}}, ""},
		{goPackage{ImportPath: "cultuurdag/crypto", Imports: []string{"cultuurdag/enroll"}}, "crypto imports cultuurdag/enroll, which stands to its right"},
		{goPackage{ImportPath: "cultuurdag/scheduler/jobs", XTestImports: []string{"cultuurdag/web"}}, "scheduler/jobs imports cultuurdag/web, which stands to its right"},
		{goPackage{ImportPath: "cultuurdag/enroll", Imports: []string{"golang.org/x/text/collate"}}, "enroll imports golang.org/x/text/collate, which is not in the standard library"},
		{goPackage{ImportPath: "cultuurdag/enroll", Imports: []string{"cultuurdag/crypto"}}, "enroll imports cultuurdag/crypto, which is not in the standard library"},
		{goPackage{ImportPath: "cultuurdag/enroll/classlist", Imports: []string{"net/http"}}, "enroll/classlist imports net/http, of which it must know nothing"},
		{goPackage{ImportPath: "cultuurdag/scheduler", Imports: []string{"github.com/redis/go-redis/v9"}}, "scheduler imports github.com/redis/go-redis/v9, of which it must know nothing"},
		{goPackage{ImportPath: "cultuurdag/scheduler", Imports: []string{"cultuurdag/scheduler/jobs"}}, "scheduler imports cultuurdag/scheduler/jobs, of which it must know nothing"},
		{goPackage{ImportPath: "cultuurdag/web", Imports: []string{"github.com/hibiken/asynq"}}, "web imports github.com/hibiken/asynq, of which it must know nothing"},
		{goPackage{ImportPath: "cultuurdag/tools"}, "tools stands in no folder of the layout"},
	}
	for _, tt := range tests {
		if got := strings.Join(importFaults(tt.p), "\n"); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.p, got, tt.want)
		}
	}
}

// importFaults tells each import of p that breaks the order.
func importFaults(p goPackage) (faults []string) {
	name := strings.TrimPrefix(p.ImportPath, module+"/")
	rank := rankOf(p.ImportPath)
	if rank < 0 {
		return []string{name + " stands in no folder of the layout"}
	}
	fault := func(imported, why string) {
		faults = append(faults, name+" imports "+imported+", "+why)
	}
	for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		if rankOf(imported) > rank {
			fault(imported, "which stands to its right")
		}
	}
	for _, imported := range p.Imports {
		if name == "enroll" && !isStandard(imported) {
			fault(imported, "which is not in the standard library")
		}
		for _, forbidden := range knowsNothingOf[name] {
			if strings.HasPrefix(imported+"/", forbidden) {
				fault(imported, "of which it must know nothing")
			}
		}
	}
	return faults
}

// rankOf is the place of a package's folder in the order; -1 for one outside.
func rankOf(importPath string) int {
	path, ours := strings.CutPrefix(importPath, module+"/")
	if !ours {
		return -1
	}
	folder, _, _ := strings.Cut(path, "/")
	return slices.Index(order, folder)
}

// isStandard: only the standard library has no dot in the first element.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return first != module && !strings.Contains(first, ".")
}

func TestNoTestSkips(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, name := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range skips(file) {
				t.Errorf("%s skips", files.Position(call))
			}
		}
	}
}

// The samples stand in a file of their own: how many skips, a tab, and the code.
func TestSkipsAreSeen(t *testing.T) {
	samples, err := os.ReadFile("testdata/skips.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(samples)), "\n")
	if len(lines) < 5 {
		t.Fatalf("%d samples", len(lines))
	}
	for _, line := range lines {
		want, body, _ := strings.Cut(line, "\t")
		file, err := parser.ParseFile(token.NewFileSet(), "x_test.go", "package x; func f() {"+body+"}", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := strconv.Itoa(len(skips(file))); got != want {
			t.Errorf("%s: %s seen, want %s", body, got, want)
		}
	}
}

func skips(file *ast.File) (calls []token.Pos) {
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, f.Sel.Name) {
				calls = append(calls, call.Pos())
			}
		}
		return true
	})
	return calls
}

func TestTopLevelHoldsNothingElse(t *testing.T) {
	allowed := []string{"cmd", "enroll", "scheduler", "crypto", "web", "deploy", "go.mod", "go.sum", "docker-compose.yml", "README.md", "LICENSE"}
	names := strings.Split(strings.TrimSuffix(run(t, "git", "ls-files", "-z"), "\x00"), "\x00")
	if len(names) < 10 {
		t.Fatalf("git tracks %d files", len(names))
	}
	for _, name := range names {
		top, _, _ := strings.Cut(name, "/")
		if !slices.Contains(allowed, top) && !strings.HasPrefix(top, ".") {
			t.Errorf("%s is not in the layout", name)
		}
	}
}

// listPackages tells of packages that do not build, too: their imports count.
func listPackages(t *testing.T) (packages []goPackage) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(run(t, "go", "list", "-e", "-json=ImportPath,Dir,Imports,TestImports,XTestImports,TestGoFiles,XTestGoFiles", "./...")))
	for {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// run runs a program at the root of the repository and returns its output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = ".."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	return string(out)
}
