// The alarms. Every query returns one row a subject that needs a person, with the columns
// subject and what; no row means that all is well. docs/infrastructure.md says what to do.

@description('What the names of the alarms begin with.')
param prefix string

@description('Id of the workspace.')
param workspaceId string

@description('Id of the service\'s identity.')
param identityId string

@description('Addresses that get the alarms.')
param addresses array

@description('Object ids of those who may publish, change settings and list keys.')
param publishers array

@description('Name of the resource group that is watched.')
param resourceGroupName string

@description('Where it lies.')
param location string

@description('Tags.')
param tags object

// What the queries on people's doings are told of this installation.
var installation = 'let publishers = dynamic(${string(publishers)});\nlet watched = "${resourceGroupName}";\n'

// severity 0 is live access that should be gone, or nobody who would notice; 1 is work
// that does not get on; 2 waits for a person by design. window is longer than every, because
// a line can be minutes late in the workspace.
var alarms = [
  {
    name: 'past-end'
    severity: 0
    every: 'PT5M'
    window: 'P2D'
    text: 'A grant is past its end and its access is still there.'
    query: loadTextContent('../queries/past-end.kql')
  }
  {
    name: 'stuck'
    severity: 1
    every: 'PT15M'
    window: 'P2D'
    text: 'Work on a grant has failed for over an hour.'
    query: loadTextContent('../queries/stuck.kql')
  }
  {
    name: 'no-sweep'
    severity: 0
    every: 'PT5M'
    window: 'PT30M'
    text: 'No sweep over the ends has succeeded for 30 minutes.'
    query: loadTextContent('../queries/no-sweep.kql')
  }
  {
    name: 'cap'
    severity: 2
    every: 'PT15M'
    window: 'PT1H'
    text: 'A cap was reached: work that nobody scheduled waits for a person.'
    query: loadTextContent('../queries/cap.kql')
  }
  {
    name: 'poison'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    text: 'A message failed so often that the host put it aside.'
    query: loadTextContent('../queries/poison.kql')
  }
  {
    name: 'verification'
    severity: 0
    every: 'PT5M'
    window: 'PT1H'
    text: 'A grant is not what it claims: its proof failed, or another path defeats its scope.'
    query: loadTextContent('../queries/verification.kql')
  }
  {
    name: 'publish'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    text: 'Somebody who is no publisher has changed the code or the settings.'
    query: '${installation}${loadTextContent('../queries/publish.kql')}'
  }
  {
    name: 'keys'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    text: 'Somebody who is no publisher has listed keys or publishing profiles.'
    query: '${installation}${loadTextContent('../queries/keys.kql')}'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: prefix
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'mailgrant'
    emailReceivers: [for address in addresses: {
      name: address
      emailAddress: address
      useCommonAlertSchema: true
    }]
  }
}

resource alarm 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [for each in alarms: {
  name: '${prefix}-${each.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: '${prefix}-${each.name}'
    description: each.text
    enabled: true
    severity: each.severity
    scopes: [
      workspaceId
    ]
    evaluationFrequency: each.every
    windowSize: each.window
    autoMitigate: true
    // A workspace learns of a table with the first line that is written to it.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: each.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: [
            {
              name: 'subject'
              operator: 'Include'
              values: [
                '*'
              ]
            }
          ]
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}]

// Whoever writes a federated credential to the identity can become it. Nobody has a
// reason to, so every write rings, whoever it was.
resource federation 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: '${prefix}-federation'
  location: 'global'
  tags: tags
  properties: {
    description: 'A federated credential of the service\'s identity was written: somebody else may become it.'
    enabled: true
    scopes: [
      identityId
    ]
    condition: {
      allOf: [
        {
          field: 'category'
          equals: 'Administrative'
        }
        {
          field: 'operationName'
          equals: 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write'
        }
      ]
    }
    actions: {
      actionGroups: [
        {
          actionGroupId: people.id
        }
      ]
    }
  }
}
