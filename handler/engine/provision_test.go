package engine

import (
	"testing"

	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
)

// TestAStrangersObject: what bears no name and was there before any create of ours could
// have made it is a stranger's.
func TestAStrangersObject(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		step    grant.Step
		refused error
		want    grant.StepState
	}{
		"a pointer":                   {grant.Step{Kind: grant.PointerStep}, &exchange.Error{Kind: exchange.AlreadyExists}, grant.Wanted},
		"a consent":                   {grant.Step{Kind: grant.ConsentStep}, &graph.Error{Kind: graph.AlreadyExists}, grant.Wanted},
		"after a create without word": {grant.Step{Kind: grant.ConsentStep, Sent: 1}, &graph.Error{Kind: graph.AlreadyExists}, grant.Creating},
		"refused otherwise":           {grant.Step{Kind: grant.ConsentStep}, &graph.Error{Kind: graph.Forbidden}, grant.Creating},
		"under a name of ours":        {grant.Step{Kind: grant.ScopeStep}, &exchange.Error{Kind: exchange.AlreadyExists}, grant.Creating},
	}
	for name, test := range cases {
		test.step.State = grant.Creating
		if got := disowned(test.step, test.refused).State; got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
