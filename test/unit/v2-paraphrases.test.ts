/** Rules v2, property 3: an answer counts for its content, however it is phrased. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileOwed, judge, Reader, type Verdict } from '../../src/sim/v2/words.ts';
import { type Email, scenarioSchema } from '../../src/world/schema.ts';

type Case = {
  readonly world: 'phase2_core' | 'monday_morning';
  readonly email: string;
  readonly needs: {
    readonly facts?: readonly { readonly id: string; readonly any_of: readonly string[] }[];
    readonly avoid?: readonly string[];
    readonly tone?: 'apologetic' | 'formal' | 'friendly';
  };
  readonly adequate: readonly string[];
  readonly inadequate: readonly string[];
};

const CASES: readonly Case[] = [
  {
    world: 'phase2_core',
    email: 'e01',
    needs: {
      facts: [
        { id: 'the-go', any_of: ['go', 'go ahead', 'approved', 'approve', 'proceed'] },
        { id: 'switch-over-time', any_of: ['23:00'] },
      ],
    },
    adequate: [
      'Priyanka, you have my go in writing for Phase 2: switch over tonight at 23:00.',
      'Go ahead with the booking core at 11 pm tonight. Ruth',
      'Approved. Please brief the harbour crews that Skerry and Holm move across at 11pm.',
      'Hi Priyanka - this is the written go for tonight, 23.00. Three expired gift cards will not stop us.',
      "I've seen the test results and I am happy for you to proceed at 11 p.m. this evening.",
      'Dear Priyanka,\n\nRuth says go. The switch-over stays at 23h00 and the crews can hear it now.\n\nRegards',
      'Yes, it is a go for eleven pm tonight.',
    ],
    inadequate: [
      'Thank you for your message, we will get back to you.',
      'Go ahead with Phase 2 tonight.',
      'We switch over at 23:00, provided that Ruth agrees; I will ask her.',
      'Go ahead at 22:30 tonight, please.',
      'Noted. I know the crews need to hear it before ten.',
    ],
  },
  {
    world: 'phase2_core',
    email: 'e02',
    needs: {
      facts: [
        { id: 'spaces', any_of: ['36'] },
        { id: 'dates', any_of: ['24 to 31 October', 'half-term', 'half term'] },
      ],
      avoid: ['cannot promise', 'not sure'],
      tone: 'apologetic',
    },
    adequate: [
      'Dear Gareth, I am sorry you had to ask twice. Your 36 spaces from 24 to 31 October are safe in the new system.',
      'Apologies for the silence, Gareth. All thirty-six coaches on the Skerry route are confirmed for half-term.',
      'Gareth, we regret the delay. I confirm in writing: 36 coaches, October 24 - 31, Skerry route.',
      'Our mistake, you should have heard last Thursday. 36 coach spaces are yours, 24th to 31st of October.',
      'Sorry! 36 half term coaches confirmed, whatever happens with the booking system tonight.',
      'I do apologise for the wait. The 36 spaces you booked from 24 October until 31 October carry over unchanged.',
      'My apologies. Thirty six coaches, 24-31 Oct, are in the new system and nothing changes for you.',
    ],
    inadequate: [
      'Your 36 spaces from 24 to 31 October are safe.',
      'Sorry for the delay, your half-term coaches are fine.',
      'Sorry, I cannot promise the 36 spaces for half-term until the review is over.',
      'I am sorry that you had to ask twice. We will look at it after the review and call you.',
      'Sorry about this. All 63 coaches are confirmed from 24 to 31 October.',
    ],
  },
  {
    world: 'phase2_core',
    email: 'e03',
    needs: {
      facts: [{ id: 'cost-to-date', any_of: ['625,400'] }],
      avoid: ['598,000 to date', 'over budget', 'over the budget'],
      tone: 'formal',
    },
    adequate: [
      'Dear Dominic, Phase 2 has cost 625,400 to date, against the 640,000 approved in March. Regards, Ruth',
      'Dear Mr Sayle, the cost to date is £625,400 including the last Marlin invoice, so we are within the approval.',
      'Dominic, the number is 625.4k. That leaves 14,600 of what the board approved. Kind regards, Ruth',
      'Dear Dominic, we stand at 625 400 with everything invoiced. We are under the 640 000. Sincerely, R. Adeyemi',
      'Dear Dominic: 598,000 at the end of August plus 27,400 from Marlin makes 625,400. We are inside the budget.',
      'Respectfully, the figure that you wanted is €625400, which is below the 640k approved in March.',
      'Dear Dominic, one number as requested: 625,400.00 euros. Best regards',
    ],
    inadequate: [
      'Dear Dominic, thank you for your patience. We will send you the number before the review. Regards',
      'Dear Dominic, Phase 2 stands at 598,000 to date. Regards, Ruth',
      'Hi Dominic, we have spent 625,400 so far, all good!',
      'Dear Dominic, the cost is 625,400 and we are over budget. Regards',
      'Dear Dominic, the cost to date is 1,625,400. Regards',
    ],
  },
  {
    world: 'phase2_core',
    email: 'e04',
    needs: {
      facts: [
        { id: 'decision', any_of: ['yes', 'run with six', 'go ahead', 'go with six', 'approved'] },
        { id: 'skerry-share', any_of: ['four to Skerry', 'Skerry gets four', 'four for Skerry', 'Skerry four'] },
      ],
    },
    adequate: [
      'Yes, Hanne. Four to Skerry and two to Holm.',
      'Please run with six tonight: 4 for Skerry, 2 for Holm. Thanks for sorting it.',
      "It's a yes from Ruth - Skerry gets 4, Holm gets 2, put it into the 16:00 briefing.",
      'Go ahead, six scanners are enough. Skerry: four. Holm: two.',
      'Approved. Send 4 to Skerry and the other pair to Holm.',
      'Hi Hanne, yes to six. As you suggest, Skerry gets four of them. The three old ones stay in the office.',
    ],
    inadequate: [
      'Hanne, thanks. We will discuss the scanners at the review.',
      'Yes, go ahead with all nine scanners.',
      'Yes: two to Skerry and four to Holm.',
      'No, wait until Friday when all of them are ready.',
      'Yes.',
    ],
  },
  {
    world: 'phase2_core',
    email: 'e05',
    needs: {
      facts: [
        { id: 'approval', any_of: ['approved', 'approve', 'release it', 'release the invoice', 'pay it', 'go ahead'] },
        { id: 'amount', any_of: ['27,400'] },
      ],
      avoid: ['Thursday run', 'Thursday payment run'],
    },
    adequate: [
      'Luis, approved: please release the 27,400 to Marlin before 11:00.',
      'Please go ahead and pay Marlin Systems 27.4k today.',
      'I approve the Marlin invoice of €27,400. Ruth',
      'Ruth approves, so release it now. 27 400 and no late fee.',
      'Approved - twenty-seven thousand four hundred, Marlin Systems, to be paid this morning so that we avoid the 1.5 %.',
      'You can pay it. The $27,400 is in line with the contract and brings us to 625,400.',
    ],
    inadequate: [
      'Thanks Luis, I will look at the invoice after the review.',
      'Approved, thank you very much.',
      'Please put the 27,400 into the Thursday payment run.',
      'Approved: 24,700 to Marlin before eleven.',
    ],
  },
  {
    world: 'phase2_core',
    email: 'e06',
    needs: { facts: [{ id: 'science-slot', any_of: ['18:30', 'science'] }], avoid: ['cannot come'], tone: 'friendly' },
    adequate: [
      'Love, tell Asha that I will be there for science. See you at school.',
      'Of course! I would not miss it. Science at 6:30 with both of you.',
      'Thanks for taking maths. I am coming to the 18:30.',
      "I'll be at the school by half past six, looking forward to it.",
      'Happy to! Meet you outside the science room at 18h30 x',
      'Thank you for asking, I have kept 6.30 pm free for Asha.',
      'Glad she asked. See you there at six thirty.',
    ],
    inadequate: [
      'I will be there for science.',
      'Sorry, love, I cannot come to science today. Thanks for going.',
      'Thanks, see you tonight at home, love you both.',
      'Great, I will come at 19:30 then.',
    ],
  },
  {
    world: 'monday_morning',
    email: 'e02',
    needs: {
      facts: [
        { id: 'repeat-free', any_of: ['free', 'free of charge', 'no charge', 'no cost', 'we pay', 'at our expense'] },
        { id: 'eleven-dogs', any_of: ['eleven', 'eleven dogs'] },
      ],
      tone: 'apologetic',
    },
    adequate: [
      'Dear Helen, I am truly sorry. All eleven dogs will be vaccinated again, free of charge.',
      'Helen, you should have heard it from me and I apologise. We will repeat the 11 vaccinations at no cost to you.',
      'Our mistake, and we pay for it: the eleven Longmead dogs are done again this week.',
      'I regret how you found out. The repeat for your 11 dogs is free, and it goes into the contract today.',
      'Apologies from all of us. Every one of the eleven gets a new dose at our expense; details at 11:30.',
      'Sorry, Helen. 11 dogs to do again, no charge to Longmead.',
    ],
    inadequate: [
      'Dear Helen, I am sorry that you heard about it in the car park. We will talk at 11:30.',
      'The eleven dogs are done again free of charge.',
      'I apologise. The repeat vaccination is free of course, for all of your animals.',
      'We are sorry about the eleven dogs and shall see who covers the costs.',
      'Sorry, the invoice for 11:30 is free.',
    ],
  },
  {
    world: 'monday_morning',
    email: 'e03',
    needs: {
      facts: [
        { id: 'september-cash', any_of: ['1.31 million'] },
        { id: 'clinics-below-plan', any_of: ['three', 'Tow Street, Alder Road and Marsh End'] },
      ],
      avoid: ['1.42 million', 'two clinics'],
    },
    adequate: [
      'Dear Margot, cash at the end of September is 1.31 million, and three clinics are below plan.',
      'Margot: 1.31m in cash; 3 clinics under plan (Tow Street, Alder Road, Marsh End).',
      'You heard right. There are three below plan, Marsh End being the new one. Cash was 1,310,000.',
      'September closed at £1.31 million. Three of nine clinics are behind: Tow Street, Alder Road & Marsh End.',
      'Good morning Margot, the two figures: EUR 1.31 mn cash, 3 clinics below plan. Naveen will show the hiring plan at 10.',
      'Cash stood at 1 310 000 on 30 September. Below plan are Tow Street, Alder Road and Marsh End.',
      'Before our ten o’clock: 1310k cash, three sites below plan. We will be open about both.',
    ],
    inadequate: [
      'Dear Margot, both figures will be with you before 10:00. Thank you.',
      'Cash at the end of September is 1.42 million and three clinics are below plan.',
      'Cash is 1.31 million and two clinics are below plan.',
      'Cash is 1.31 million. The rest follows in the meeting.',
      'Margot, three clinics are below plan; cash is 131 million.',
    ],
  },
  {
    world: 'monday_morning',
    email: 'e04',
    needs: {
      facts: [
        { id: 'overtime-hours', any_of: ['31 hours', '31 h'] },
        {
          id: 'approved',
          any_of: ['approved', 'approve', 'approves', 'sign off', 'signed off', 'approval', 'go ahead'],
        },
      ],
      avoid: ['15:00'],
    },
    adequate: [
      'Yuki, the 31 hours of overtime at Alder Road are approved. See you at 12:00.',
      'Naveen approves the thirty-one hours, so please include them before the cut-off at 12:30.',
      'You have the approval: 31 hours for the four nurses. Run the payroll.',
      'Overtime signed off (31h, Sunday, Alder Road). No one will be paid short this month.',
      'Please go ahead with 31 hours of Sunday overtime in the 486,300.',
      'I approve 31 hours for Dana’s team. Noon sign-off stands.',
    ],
    inadequate: [
      'Thank you Yuki, I will ask Naveen about the overtime at the stand-up.',
      'The overtime is approved, please go ahead.',
      'Dana says it was 31 hours between them.',
      'Approved: 31 hours. We can do it before the cut-off at 15:00.',
      'Approved: 13 hours of overtime for Alder Road.',
    ],
  },
  {
    world: 'monday_morning',
    email: 'e06',
    needs: {
      facts: [
        { id: 'rent', any_of: ['rent', 'rental', 'order', 'order number'] },
        { id: 'delivery', any_of: ['14:00'] },
        { id: 'rate', any_of: ['95'] },
      ],
      tone: 'friendly',
    },
    adequate: [
      'Thanks Dana. Please order the fridge from Corran at 95 a day, delivery by 14:00.',
      'Thank you and the four nurses! The order number is on its way: 95 per day, here by 2 pm.',
      'Great find. Rent it: ninety-five a day is fine if they bring it before 2pm.',
      'We appreciate what you did on Sunday. Kofi sends the order number before eleven; £95/day, delivered by 14.00.',
      'Happy with the rental at €95 a day. They have to be there at two o’clock at the latest.',
      'Hi Dana, glad you found one. 95 a day is OK, Kofi has the order ready, and vaccinations can start again after 14h00.',
    ],
    inadequate: [
      'Thanks Dana, great work on Sunday!',
      'Order the fridge at 95 a day for 14:00.',
      'Thanks Dana. Please order the fridge at 95 a day.',
      'Thank you, order it for 14:00 at 59 a day.',
      'Thanks, I hope that we can do something about the fridge today.',
    ],
  },
  {
    world: 'monday_morning',
    email: 'e07',
    needs: {
      facts: [
        { id: 'minutes', any_of: ['minutes'] },
        { id: 'lunch-time', any_of: ['12:45'] },
        { id: 'doses', any_of: ['340'] },
      ],
      tone: 'formal',
    },
    adequate: [
      'Dear Arthur, Naveen brings the signed minutes at 12:45. The fridge failed on Sunday and 340 doses are in quarantine.',
      'Dear Mr Bexley, the minutes will be handed to you at quarter to one; 340 doses were affected. Yours sincerely',
      'Arthur, signed minutes come with Naveen to Carrow’s at 12.45. A fridge broke and cost us 340 doses. Kind regards',
      'Dear Arthur, a plain account: the fridge stopped, three hundred and forty doses are set aside, no alarm was heard. ' +
        'Naveen will bring the board minutes to lunch at 12:45 pm.',
      'Respectfully: lunch 12:45 stands, the minutes are signed, and 340 doses from Alder Road are in quarantine.',
      'Dear Arthur, at 12h45 you shall have the minutes. On the refrigerator: 340 doses lost, report by noon. Regards, N.',
    ],
    inadequate: [
      'Dear Arthur, Naveen looks forward to lunch. Regards',
      'Hi Arthur, minutes at 12:45, 340 doses quarantined. See you!',
      'Dear Arthur, the minutes come at 12:45. The fridge is a small matter. Regards',
      'Dear Arthur, 340 doses are in quarantine. The minutes follow by post. Regards',
      'Dear Arthur, the minutes come at 13:45. 340 doses are in quarantine. Regards',
    ],
  },
  {
    world: 'monday_morning',
    email: 'e08',
    needs: {
      facts: [
        { id: 'log-available', any_of: ['log'] },
        { id: 'review-time', any_of: ['10:30'] },
        { id: 'animals', any_of: ['26 animals', '26'] },
      ],
      tone: 'formal',
    },
    adequate: [
      'Dear Ms Lund, the temperature log will be with you by 10:30. We vaccinated 26 animals from that fridge. Regards',
      'Dear Petra Lund, Kofi can give you the log at the review at half past ten; twenty-six animals were treated.',
      'Dear Petra, I confirm the log for 10.30am and our decision on the 26 treated animals by noon. Kind regards, Naveen',
      'Dear Petra, you can have the log file now, before the 10:30 review. It concerns 26 animals.',
      'Respectfully, the log is readable and attached. See you at ten thirty about the twenty six animals.',
      'Incident VM-2291: log available at 10:30 a.m., 26 animals to be recalled. Sincerely, N. Kulkarni',
    ],
    inadequate: [
      'Dear Ms Lund, thank you for your message. We shall meet all requirements in time. Regards',
      'Dear Petra, the log will be there at 10:30. Regards',
      'Dear Petra, see you at 10:30 about the 26 animals. Regards',
      'The log is there at 10:30, 26 animals, ok?',
      'Dear Petra, the catalogue is ready at 10:30 for 26 animals. Regards',
    ],
  },
  {
    world: 'monday_morning',
    email: 'e09',
    needs: {
      facts: [
        { id: 'time', any_of: ['13:15'] },
        { id: 'how', any_of: ['phone', 'call', 'calling', 'ring', 'dial in', 'dialling in', 'telephone'] },
      ],
      avoid: ['come to Ridgeway', 'coming to Ridgeway'],
      tone: 'apologetic',
    },
    adequate: [
      'I am sorry, I cannot be there in person. I will call in at 13:15.',
      'Sorry love, lunch with Arthur runs over. I am calling in at quarter past one, on time.',
      'Apologies to you and Mrs Adair: by phone at 1:15, and I will stay on to the end.',
      'I regret June. Today I dial in at 1.15 pm sharp, promise.',
      'Forgive me, it has to be the telephone today. 13.15, not a minute later.',
      "I'm so sorry about this. Please tell Mrs Adair I'll ring at 1:15pm.",
    ],
    inadequate: [
      'I will call in at 13:15.',
      'Sorry, I will call in.',
      'Sorry, I am late with this. I am coming to Ridgeway at 13:15, no need to call.',
      'Sorry, I call in at 13:45, after lunch.',
      'Sorry, can it wait until tonight? Busy day.',
    ],
  },
  {
    world: 'monday_morning',
    email: 'e11',
    needs: {
      facts: [
        { id: 'when', any_of: ['06:30'] },
        { id: 'day', any_of: ['Thursday'] },
      ],
      tone: 'friendly',
    },
    adequate: [
      'Great, see you on Thursday at 06:30!',
      'Looking forward to it: Thursday, 6:30, no hills.',
      'Thursday half past six it is. Happy to do eight kilometres.',
      'Thu 6.30am works, thanks Rafael.',
      'I would love to. Thursday at six thirty by the canal.',
      'No problem, Thursday 6:30 AM at the canal loop.',
    ],
    inadequate: [
      'Great, see you at 06:30!',
      'Happy to run on Thursday with you.',
      'Love to, but let us do Thursday at 07:30.',
      'Thursday at 06:30, canal loop.',
    ],
  },
  {
    world: 'phase2_core',
    email: 'e07',
    needs: {
      facts: [{ id: 'date', any_of: ['16 September'] }],
    },
    adequate: [
      'Thank you, we will use the stairs on 16 September.',
      'Noted: no east lift on September 16th.',
      'We shall tell visitors about Wednesday the 16th of September.',
      'Lift out on 16 Sept, understood.',
      'Thanks. Our guests on Sep 16 will take the stairs by Room 2.',
      'The lift outage on 2026-09-16 is in the calendar now.',
    ],
    inadequate: [
      'Thank you for letting us know.',
      'Noted for 17 September, thank you.',
      'We will take the stairs on the 16th.',
      'Noted, no lift on 16 October.',
    ],
  },
];

const worlds = new Map(
  [...new Set(CASES.map(({ world }) => world))].map((name) => {
    const file = new URL(`../../scenarios/${name}.json`, import.meta.url);
    return [name, scenarioSchema.parse(JSON.parse(readFileSync(file, 'utf8')))] as const;
  }),
);

function emailOf({ world, email, needs }: Case): Email {
  const found = worlds.get(world)?.emails.find(({ id }) => id === email);
  if (found === undefined) throw new Error(`${world} has no email ${email}`);
  const { facts = [], avoid, tone } = needs;
  return {
    ...found,
    needs: {
      facts: facts.map(({ id, any_of }) => ({ id, any_of: [...any_of] })),
      ...(avoid && { avoid: [...avoid] }),
      ...(tone && { tone }),
    },
  };
}

const reader = new Reader();

/** The bodies whose verdict differs from `kind`, with the reason. */
function missesOf(kind: Verdict['kind'], bodiesOf: (one: Case) => readonly string[]) {
  let total = 0;
  const misses: string[] = [];
  for (const one of CASES) {
    const owed = compileOwed(emailOf(one));
    for (const body of bodiesOf(one)) {
      total++;
      const verdict = judge(reader.read(body), owed);
      const agrees = (verdict.kind === 'adequate') === (kind === 'adequate');
      if (!agrees) misses.push(`${one.world} ${one.email}: ${JSON.stringify(body)}: ${verdict.why}`);
    }
  }
  return { total, misses, agreement: 1 - misses.length / total };
}

describe('the set', () => {
  test('covers at least twelve emails with at least six adequate and four inadequate answers each, all different', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(12);
    for (const { adequate, inadequate } of CASES) {
      expect(adequate.length).toBeGreaterThanOrEqual(6);
      expect(inadequate.length).toBeGreaterThanOrEqual(4);
      expect(new Set([...adequate, ...inadequate]).size).toBe(adequate.length + inadequate.length);
    }
  });
});

describe('agreement is at least 95 %', () => {
  test('on adequate answers', () => {
    const { agreement, misses } = missesOf('adequate', ({ adequate }) => adequate);
    expect(agreement, misses.join('\n')).toBeGreaterThanOrEqual(0.95);
  });

  test('on inadequate answers', () => {
    const { agreement, misses } = missesOf('inadequate', ({ inadequate }) => inadequate);
    expect(agreement, misses.join('\n')).toBeGreaterThanOrEqual(0.95);
  });

  test('for which a merely polite sentence answers none of these emails', () => {
    const polite = [
      'Thank you for your message, we will get back to you soon.',
      'Dear all, sorry for the delay. Regards.',
    ];
    const answered = CASES.filter((one) =>
      polite.some((body) => judge(reader.read(body), compileOwed(emailOf(one))).kind === 'adequate'),
    );
    expect(answered.map(({ world, email }) => `${world} ${email}`)).toEqual([]);
  });
});
