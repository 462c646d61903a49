package deploy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Whatever program a test runs, deploy/test looks for, and installs.
func TestProgramsOfTestsAreInstalled(t *testing.T) {
	var looked []string
	for _, line := range regexp.MustCompile(`(?m)\bhave ([a-z0-9 -]+)`).FindAllStringSubmatch(read(t, "test"), -1) {
		looked = append(looked, strings.Fields(line[1])...)
	}
	needed := map[string]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		helper := (strings.Contains(path, "enrolltest") || strings.Contains(path, "webtest")) && strings.HasSuffix(path, ".go")
		if err != nil || !helper && !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, name := range programsOf(file) {
			needed[name] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range needed {
		// The stories run the program itself, which their test builds.
		if name != "cultuurdag" && !slices.Contains(looked, name) {
			t.Errorf("%s runs %s, which deploy/test does not look for", path, name)
		}
	}
	for _, name := range []string{"redis-server", "chromium", "age", "pdftoppm", "git"} { // seen in each of the ways below
		if needed[name] == "" {
			t.Errorf("no test was seen to run %s", name)
		}
	}
}

// programsOf returns the programs that a file runs: what stands between quotes
// in a call that looks for or runs one, or in a list of names to look for.
func programsOf(file *ast.File) (names []string) {
	text := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				names = append(names, s)
			}
		}
	}
	// Which argument of the call is the program.
	which := map[string]int{"LookPath": 0, "Command": 0, "CommandContext": 1, "run": 1, "program": 3}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			called := ""
			switch f := n.Fun.(type) {
			case *ast.SelectorExpr:
				if x, ok := f.X.(*ast.Ident); ok && x.Name == "exec" {
					called = f.Sel.Name
				}
			case *ast.Ident:
				called = f.Name
			}
			if i, ok := which[called]; ok && i < len(n.Args) {
				text(n.Args[i])
			}
		case *ast.RangeStmt:
			list, ok := n.X.(*ast.CompositeLit)
			if ok && runsOneOf(n) {
				for _, e := range list.Elts {
					text(e)
				}
			}
		}
		return true
	})
	return names
}

// runsOneOf reports whether the loop looks for the program that its variable names.
func runsOneOf(loop *ast.RangeStmt) (runs bool) {
	variable, ok := loop.Value.(*ast.Ident)
	if !ok {
		return false
	}
	ast.Inspect(loop.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 1 {
			f, isSelector := call.Fun.(*ast.SelectorExpr)
			arg, isName := call.Args[0].(*ast.Ident)
			runs = runs || isSelector && isName && f.Sel.Name == "LookPath" && arg.Name == variable.Name
		}
		return true
	})
	return runs
}
