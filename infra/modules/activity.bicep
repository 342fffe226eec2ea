// The subscription's activity log, sent to the workspace: who lists keys, changes
// settings and publishes is written there and nowhere else.
targetScope = 'subscription'

@description('Name of the diagnostic setting.')
param name string

@description('Id of the workspace.')
param workspaceId string

resource activity 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: name
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'Administrative'
        enabled: true
      }
    ]
  }
}
