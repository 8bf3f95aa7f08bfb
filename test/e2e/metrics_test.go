// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/gittest"
	"github.com/skilld/skilld/internal/registrytest"
)

// metrics reads GET /metrics with the parser of Prometheus.
func (d *daemon) metrics() map[string]*dto.MetricFamily {
	d.t.Helper()
	a := d.get("/metrics").is(200)
	require.Equal(d.t, expfmt.TypeTextPlain, expfmt.ResponseFormat(a.Header).FormatType())
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(a.Body))
	require.NoError(d.t, err)
	return families
}

// values returns a family's values (a histogram's number of observations) by
// its labels' values, in the order of the labels' names.
func values(family *dto.MetricFamily) map[string]float64 {
	found := make(map[string]float64)
	for _, metric := range family.GetMetric() {
		var labels []string
		for _, label := range metric.Label {
			labels = append(labels, label.GetValue())
		}
		value := metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		found[strings.Join(labels, " ")] = value
	}
	return found
}

// TestMetricsAgreeWithWhatWasDone does a bit of everything and counts.
func TestMetricsAgreeWithWhatWasDone(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	ref, _, _ := publish(t, registry, nil)
	server := gittest.New(t)
	commit := server.Create("org/repo").Commit("main", skillFiles("", "git-skill", "1"))
	d := start(t, options{flags: []string{"--allow-private-hosts"}})
	asked := map[string]float64{"GET 200 /api/openapi.json": 1} // by the harness
	count := func(method string, status int, route string, a answer) {
		t.Helper()
		a.is(status)
		asked[strings.TrimSpace(fmt.Sprintf("%s %d %s", method, status, route))]++
	}
	local := registry.Reference("org/local-skill", "1")
	dir := makeSkill(t, "local-skill", "1", nil)
	count("POST", 200, buildPath, d.post(buildPath, object{"path": dir, "tag": local}))
	count("POST", 200, buildPath, d.post(buildPath, object{"path": dir}))
	count("POST", 204, pushPath, d.post(pushPath, object{"reference": local}))
	count("GET", 200, contentPath, d.content(ref))
	count("GET", 200, contentPath, d.content(ref))
	count("GET", 404, contentPath, d.content(ref+"-gone"))
	count("GET", 502, contentPath, d.content("127.0.0.1:1/org/x:1"))
	pinned := server.Reference("org/repo", "@"+commit)
	count("GET", 200, contentPath, d.content(pinned))
	count("GET", 200, contentPath, d.content(pinned))
	count("GET", 502, contentPath, d.content(server.Reference("org/gone", "")))
	registry.Break(registrytest.RateLimit("77"))
	count("GET", 429, contentPath, d.content(registry.Reference(repository, "limited")))
	count("POST", 201, skillsPath, d.post(skillsPath, object{"name": "local-skill", "clients": []string{"claude-code"}}))
	project := object{"name": "local-skill", "clients": []string{"claude-code"}, "scope": "project", "project_root": t.TempDir()}
	count("POST", 201, skillsPath, d.post(skillsPath, project))
	count("GET", 200, skillsPath+"/{name}", d.get(skillsPath+"/local-skill"))
	count("GET", 404, "", d.unknown("GET", "/nowhere"))
	count("_OTHER", 405, "", d.unknown("BREW", skillsPath))
	families := d.metrics()

	assert.Equal(t, asked, values(families["http_server_request_duration_seconds"]))
	assert.Equal(t, map[string]float64{
		"ok oci": 1, "not_found oci": 1, "upstream oci": 1, "rate_limited oci": 1, "ok git": 1,
	}, values(families["skilld_pulls_total"]))
	assert.Equal(t, map[string]float64{"ok": 1}, values(families["skilld_pushes_total"]))
	assert.Equal(t, map[string]float64{
		"store hit": 1, "store miss": 4, "previews hit": 2, "previews miss": 2, "commits hit": 1, "commits miss": 1,
	}, values(families["skilld_cache_lookups_total"]))
	assert.Equal(t, map[string]float64{"": 2}, values(families["skilld_builds"]))
	assert.Equal(t, map[string]float64{"user": 1, "project": 1}, values(families["skilld_installed_skills"]))
	assert.Equal(t, map[string]float64{"": blobBytes(t, d)}, values(families["skilld_store_size_bytes"]))
	assert.Len(t, families["skilld_build_info"].GetMetric(), 1)
	assert.Positive(t, families["go_goroutines"].GetMetric()[0].GetGauge().GetValue())

	assert.Equal(t, documentedMetrics(t), measuredHere(families), "docs/telemetry.md and /metrics")
	again := values(d.metrics()["http_server_request_duration_seconds"])
	assert.EqualValues(t, 1, again["GET 200 /metrics"])
}

// unknown sends what the OpenAPI document has no words for.
func (d *daemon) unknown(method, path string) answer {
	d.t.Helper()
	a, _, err := d.try(method, path, "", nil)
	require.NoError(d.t, err)
	return a
}

// blobBytes returns what the blobs of the daemon's store have on disk.
func blobBytes(t *testing.T, d *daemon) float64 {
	t.Helper()
	var sum int64
	err := filepath.WalkDir(filepath.Join(d.data, "store", "blobs"), func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		sum += info.Size()
		return err
	})
	require.NoError(t, err)
	return float64(sum)
}

// measuredHere returns the names of the metrics, those of libraries apart, with
// their labels.
func measuredHere(families map[string]*dto.MetricFamily) []string {
	var names []string
	for name, family := range families {
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		labels := make(map[string]bool)
		for _, metric := range family.Metric {
			for _, label := range metric.Label {
				labels[label.GetName()] = true
			}
		}
		names = append(names, name+" "+strings.Join(sorted(labels), " "))
	}
	slices.Sort(names)
	return names
}

// metricRow is a line of the table of metrics: its name and its labels.
var metricRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [a-z]+ \\| ([^|]*) \\|")

// documentedMetrics returns the same from the documentation.
func documentedMetrics(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "telemetry.md"))
	require.NoError(t, err)
	var names []string
	for _, row := range metricRow.FindAllStringSubmatch(string(text), -1) {
		labels := strings.FieldsFunc(row[2], func(r rune) bool { return r == '`' || r == ',' || r == ' ' })
		slices.Sort(labels)
		names = append(names, row[1]+" "+strings.Join(labels, " "))
	}
	slices.Sort(names)
	return names
}
